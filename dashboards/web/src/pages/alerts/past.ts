// The history of alerts: what the address asks for, as the service is asked, and what it answers.
import type { Query } from "../../lib/api";
import { moments } from "../../lib/days";
import type { Alert } from "../../lib/lanes/findings";
import type { Severity } from "../../lib/palette";

export interface PastAlert extends Pick<Alert, "acknowledged" | "assigned" | "judged"> {
  id: string;
  call: string;
  rule: string;
  severity: Severity;
  leg: string | null;
  /** Seconds of the call: where what it is about began, where it was said, and for how long it stood. */
  time: number;
  at: number;
  seconds: number | null;
  message: string;
  raised_at: string;
  metadata: Record<string, unknown>;
}

export interface Past {
  alerts: PastAlert[];
  total: number;
  indexed: boolean;
}

export const SIZE = 50;
/** Conditions of the address beside those on metadata. */
export const CONDITIONS = ["from", "to", "rule", "severity", "leg", "judged", "acknowledged", "call"] as const;

/** Of all of them: a file has no pages. */
export function conditions(query: URLSearchParams): Query {
  const given = Object.fromEntries(CONDITIONS.map((key) => [key, query.get(key)]));
  return { ...given, ...moments(query.get("from"), query.get("to")), where: query.getAll("where") };
}

/** The verdict of most who judged; null where nobody did, or as many said so as otherwise. */
export function verdict(judged: PastAlert["judged"]): boolean | null {
  const right = judged.filter((one) => one.right).length;
  return right * 2 === judged.length ? null : right * 2 > judged.length;
}
