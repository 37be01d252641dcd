// What the metadata of a call says about it: keys differ from one telephone system to the next, so several are known for each.

export type Metadata = Readonly<Record<string, string>>;

/** Keys that name a person rather than a kind. */
export const WHO = ["name", "customer", "caller", "from"];
const AGENT = ["agent", "agent_name"];
const QUEUE = ["queue", "skill", "team"];

export function textual(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]));
}

const first = (metadata: Metadata, keys: readonly string[]) => keys.map((key) => metadata[key]).find(Boolean) ?? "";

/** Who calls, "" where nothing says so. */
export const whoOf = (metadata: Metadata): string => first(metadata, WHO);
export const agentOf = (metadata: Metadata): string => first(metadata, AGENT);
export const queueOf = (metadata: Metadata): string => first(metadata, QUEUE);
