// Which days are looked at, and by what calls are grouped, as the address says it.
import { shifted } from "../../lib/days";

export const SPANS = ["week", "lastweek", "month", "all"] as const;
export type Span = (typeof SPANS)[number];
export const TIMES = ["day", "weekday", "hour"] as const;

export interface Days {
  from: string;
  to: string;
  /** Null where the days were chosen one by one. */
  span: Span | null;
}

/** The days of the address; the last seven where it says nothing. Weeks begin with Monday. */
export function daysOf(query: URLSearchParams, today: string): Days {
  const [from, to] = [query.get("from") ?? "", query.get("to") ?? ""];
  if (from || to) return { from, to, span: null };
  const said = query.get("span");
  const span = SPANS.find((one) => one === said) ?? "week";
  const monday = shifted(today, -((new Date(`${today}T12:00`).getDay() + 6) % 7));
  switch (span) {
    case "week":
      return { from: shifted(today, -6), to: today, span };
    case "lastweek":
      return { from: shifted(monday, -7), to: shifted(monday, -1), span };
    case "month":
      return { from: shifted(today, -29), to: today, span };
    case "all":
      return { from: "", to: "", span };
  }
}

/** A group by the name that people have for it. */
export function groupName(by: string, key: string, locale: string): string {
  if (by === "hour") return `${key}:00`;
  if (by === "weekday") return new Date(2024, 0, Number(key)).toLocaleDateString(locale, { weekday: "long" }); // 2024 began on a Monday
  if (by === "day") return new Date(`${key}T12:00`).toLocaleDateString(locale, { weekday: "short", day: "numeric", month: "short" });
  return key || "–";
}

/** The list of the calls of a group; null where no list has them: no address asks for an hour of all days. */
export function callsOf(by: string, key: string, days: Days, where: readonly string[]): string | null {
  if (by === "hour" || by === "weekday") return null;
  const query = new URLSearchParams(where.map((one) => ["where", one]));
  if (by === "day") {
    query.set("from", key);
    query.set("to", key);
  } else {
    if (!key) return null;
    query.append("where", `${by}:${key}`);
    if (days.from) query.set("from", days.from);
    if (days.to) query.set("to", days.to);
  }
  return `/calls?${query.toString()}`;
}
