// Conditions on the metadata of calls, as addresses and the service write them: `where=queue:billing`, once a key.

export type Where = Readonly<Record<string, string>>;
/** How many calls there are of each value of each key. */
export type Facets = Readonly<Record<string, Readonly<Record<string, number>>>>;

export function whereOf(query: URLSearchParams): Where {
  const pairs = query.getAll("where").map((text) => {
    const at = text.indexOf(":");
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  });
  return Object.fromEntries(pairs.filter(([key, value]) => key && value));
}

export const written = (where: Where): string[] => Object.entries(where).map(([key, value]) => `${key}:${value}`);

export function meets(metadata: Readonly<Record<string, string>>, where: Where): boolean {
  return Object.entries(where).every(([key, value]) => metadata[key] === value);
}

/** Values beyond which a key is a name rather than a kind, and no use as a choice. */
const MOST_VALUES = 30;

/** Keys that are a choice for somebody: not those that name a person. */
export const without = (facets: Facets, keys: readonly string[]): Facets => Object.fromEntries(Object.entries(facets).filter(([key]) => !keys.includes(key)));

export function facetsOf(calls: readonly Readonly<Record<string, string>>[], without: readonly string[] = []): Facets {
  const found: Record<string, Record<string, number>> = {};
  for (const metadata of calls) {
    for (const [key, value] of Object.entries(metadata)) {
      const counts = (found[key] ??= {});
      counts[value] = (counts[value] ?? 0) + 1;
    }
  }
  const kinds = Object.entries(found).filter(([key, counts]) => {
    const values = Object.keys(counts).length;
    return !without.includes(key) && values > 1 && values <= MOST_VALUES;
  });
  return Object.fromEntries(kinds);
}
