// What the monitor told of a call, gathered from its events: one entry a change point, one an alert, from first word to last.

import type { Severity } from "../palette";

export interface Change {
  id: string;
  leg: string;
  time: number;
  status: "provisional" | "confirmed" | "retracted";
  before: string;
  after: string;
  strength: number;
  /** Seconds of the call at which it was first said. */
  knownAt: number;
  /** When it was confirmed or withdrawn; null while that is open. */
  settledAt: number | null;
}

export interface Alert {
  id: string;
  call: string;
  /** Null where it is about the call as a whole. */
  leg: string | null;
  rule: string;
  severity: Severity;
  message: string;
  evidence: Readonly<Record<string, unknown>>;
  /** Where what it is about began. */
  time: number;
  raisedAt: number;
  clearedAt: number | null;
  updates: number;
  acknowledged: { by: string; note: string }[];
  assigned: { by: string; to: string } | null;
  snoozed: { by: string; until: string; reason: string } | null;
  judged: { by: string; right: boolean; reason: string }[];
}

/** An event as it comes, from the journal or the connection (docs/protocol.md). */
export interface CallEvent {
  type: string;
  seq?: number;
  leg?: string | null;
  time?: number;
  at?: number;
  [key: string]: unknown;
}

export class Findings {
  changes = new Map<string, Change>();
  alerts = new Map<string, Alert>();

  /** Whether the event was about any finding. */
  take(event: CallEvent): boolean {
    if (event.type === "change_point") return this.change(event);
    if (event.type === "alert") return this.alert(event);
    const alert = this.alerts.get(String(event.id));
    if (!alert) return false;
    const by = String(event.by ?? "");
    switch (event.type) {
      case "alert_acknowledged":
        alert.acknowledged = [...alert.acknowledged.filter((each) => each.by !== by), { by, note: String(event.note ?? "") }];
        return true;
      case "alert_assigned":
        alert.assigned = { by, to: String(event.to ?? "") };
        return true;
      case "alert_snoozed":
        alert.snoozed = { by, until: String(event.until ?? ""), reason: String(event.reason ?? "") };
        return true;
      case "alert_judged": // the last word of each person counts
        alert.judged = [...alert.judged.filter((each) => each.by !== by), { by, right: event.right === true, reason: String(event.reason ?? "") }];
        return true;
      default:
        return false;
    }
  }

  /** In the order of the call. */
  sortedChanges(): Change[] {
    return [...this.changes.values()].sort((one, other) => one.time - other.time);
  }

  sortedAlerts(): Alert[] {
    return [...this.alerts.values()].sort((one, other) => one.raisedAt - other.raisedAt);
  }

  private change(event: CallEvent): boolean {
    const id = String(event.id), at = event.at ?? 0;
    const known = this.changes.get(id);
    const status = event.status as Change["status"];
    this.changes.set(id, {
      id,
      leg: String(event.leg),
      time: event.time ?? 0,
      status,
      before: String(event.before),
      after: String(event.after),
      strength: Number(event.strength),
      knownAt: known?.knownAt ?? at,
      settledAt: status === "provisional" ? null : at,
    });
    return true;
  }

  private alert(event: CallEvent): boolean {
    const id = String(event.id), at = event.at ?? 0;
    const known = this.alerts.get(id);
    if (!known) {
      this.alerts.set(id, {
        id,
        call: String(event.call ?? ""),
        leg: event.leg ?? null,
        rule: String(event.rule),
        severity: event.severity as Severity,
        message: String(event.message),
        evidence: (event.evidence ?? {}) as Record<string, unknown>,
        time: event.time ?? 0,
        raisedAt: at,
        clearedAt: event.status === "cleared" ? at : null,
        updates: 0,
        acknowledged: [],
        assigned: null,
        snoozed: null,
        judged: [],
      });
    } else if (event.status === "cleared") known.clearedAt = at;
    else if (event.status === "updated") known.updates += 1;
    return true;
  }
}
