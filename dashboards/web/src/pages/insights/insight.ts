import type { Severity } from "../../lib/palette";

/** `GET /insights`: calls in groups, and how right each rule was. */
export interface Insights {
  groups: Group[];
  rules: RuleRight[];
  indexed: boolean;
}

export interface Group {
  key: string;
  calls: number;
  seconds: number;
  calls_with_alert: number;
  alerts: Record<Severity, number>;
  shares: Record<string, Record<string, number>>;
  recovery_seconds: { median: number | null; n: number; not_recovered: number };
}

export interface RuleRight {
  rule: string;
  alerts: number;
  judged: number;
  right: number;
  wrong: number;
  precision: number | null;
}
