// The list of calls: what the address asks for, as the service is asked, and what it answers.
import type { Query } from "../../lib/api";
import { moments } from "../../lib/days";
import type { Facets } from "../../lib/filters";
import type { Severity } from "../../lib/palette";

export interface CallLine {
  call: string;
  status: "live" | "complete" | "empty" | "interrupted";
  started_at: string;
  seconds: number;
  metadata: Record<string, unknown>;
  alerts: Record<Severity, number>;
  /** Leg by leg, of the time in which an emotion was believed. */
  shares: Record<string, Record<string, number>>;
  judged: { right: number; wrong: number };
  notes: number;
}

export interface Listed {
  calls: CallLine[];
  total: number;
  facets: Facets;
  /** False while calls or events are still taken in. */
  indexed: boolean;
}

export const SIZE = 50;
/** Conditions of the address beside search and metadata. */
export const CONDITIONS = ["from", "to", "status", "emotion", "share", "leg", "severity", "min", "max"] as const;
export type Sort = "started_at" | "seconds" | "share" | "alerts";

export const pageOf = (query: URLSearchParams): number => Math.max(0, Math.floor(Number(query.get("page")) || 1) - 1);
export const sortOf = (query: URLSearchParams): string => query.get("sort") ?? "-started_at";

/** Shares are said in percent there, and lengths in minutes. */
export function asked(query: URLSearchParams): Query {
  const emotion = query.get("emotion");
  const scaled = (key: string, by: number) => (query.get(key) ? Number(query.get(key)) * by : null);
  const sort = sortOf(query);
  return {
    ...moments(query.get("from"), query.get("to")),
    q: query.get("q"),
    where: query.getAll("where"),
    status: query.get("status"),
    emotion,
    share_min: emotion ? scaled("share", 0.01) : null,
    leg: query.get("leg"),
    severity: query.get("severity"),
    min_seconds: scaled("min", 60),
    max_seconds: scaled("max", 60),
    sort: emotion || !sort.endsWith("share") ? sort : null,
    limit: SIZE,
    offset: pageOf(query) * SIZE,
  };
}

/** The sort that a press on a column's title asks for: from the greatest on, then the other way. */
export const turned = (sort: string, column: Sort): string => (sort === `-${column}` ? column : `-${column}`);

/** Whose emotions one looks at: the customer's, else of both together, else any. */
export const mainShares = (shares: CallLine["shares"], leg: string | null): Record<string, number> | undefined =>
  (leg ? shares[leg] : undefined) ?? shares["customer"] ?? shares["mixed"] ?? Object.values(shares)[0];
