// What a person judged of an evaluated call. Kept in this browser, where it keeps anything for files, until it is saved.
import type { CallDocument } from "./document";

export type Judged = Record<string, boolean>;

const keyOf = (data: CallDocument) => `judgements\n${data.call}\n${data.engine.model}`;

export function keptJudgements(data: CallDocument): Judged {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(data)) ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(Object.entries(kept).filter((pair): pair is [string, boolean] => typeof pair[1] === "boolean"));
  } catch {
    return {};
  }
}

export function keepJudgements(data: CallDocument, judged: Judged): void {
  try {
    localStorage.setItem(keyOf(data), JSON.stringify(judged));
  } catch {
    // kept while the page is open
  }
}

/** The file that is saved. */
export function judgementsFile(data: CallDocument, judged: Judged): string {
  const findings = [
    ...data.alerts.map((one) => ({ id: one.id, kind: "alert", leg: one.leg, name: one.rule, time: one.time, known: one.raised_at })),
    ...data.changes.map((one) => ({ id: one.id, kind: "change", leg: one.leg, name: `${one.before} → ${one.after}`, time: one.time, known: one.known_at })),
  ];
  const judgements = findings.filter(({ id }) => id in judged).map((one) => ({ ...one, verdict: judged[one.id] ? "right" : "wrong" }));
  return JSON.stringify({ call: data.call, engine: data.engine, judgements }, null, 2);
}
