// What the service says of rules: docs/rules.md explains each key.
import type { Severity } from "../../lib/palette";

export interface Bounds {
  above?: number;
  below?: number;
}

export interface Condition {
  emotion?: { is: string[]; at_least?: number };
  affect?: { valence?: Bounds; arousal?: Bounds; relative?: boolean };
  change_point?: { from?: string[]; to?: string[]; strength?: number; confirmed?: boolean; last?: number };
  silence?: { longer_than: number };
  overtalk?: { longer_than?: number; share?: number; window?: number };
  template?: { name: string; at_least?: number };
  label?: { head: string; is: string[]; at_least?: number };
  all_of?: Condition[];
  any_of?: Condition[];
  not?: Condition;
  leg?: string;
  within?: number;
}

export interface Rule {
  name: string;
  description?: string;
  severity: Severity;
  leg: string[];
  where?: Record<string, string[]>;
  when: Condition;
  hold?: number;
  release?: number;
  cool_down?: number;
  message: string;
}

/** What holds where a rule does not say it. */
export const DEFAULTS = { hold: 0, release: 2, cool_down: 30, last: 10 } as const;

export interface Version {
  version: number;
  saved_at: string;
  by: string | null;
  note: string;
  origin: "configuration" | "saved";
}

export interface InForce extends Version {
  text: string;
  rules: Rule[];
  versions: Version[];
  editable: boolean;
  why_not: string | null;
}

export interface Mistake {
  line: number | null;
  column: number | null;
  message: string;
}

export interface Checked {
  ok: boolean;
  errors: Mistake[];
  rules: Rule[];
}

export interface TriedAlert {
  call: string;
  rule: string;
  severity: Severity;
  leg: string | null;
  time: number;
  at: number;
  message: string;
  judged: "right" | "wrong" | null;
  new: boolean;
}

export interface Result {
  type: "result";
  calls: number;
  calls_with_alert: number;
  seconds: number;
  before: number;
  after: number;
  new: number;
  judged_right: number;
  judged_wrong: number;
  gone_right: number;
  gone_wrong: number;
  alerts: TriedAlert[];
  gone: TriedAlert[];
  failed: { call: string; error: string }[];
}

export interface Progress {
  type: "progress";
  done: number;
  of: number;
  /** Alerts so far. */
  new: number;
  gone: number;
}

export type TrialLine = Progress | Result | { type: "error"; code: string; message: string };
