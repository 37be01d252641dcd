// The alerts that stand, and those that ended while one looked on: what the service lists, kept up by what it tells.
import { Findings, type Alert, type CallEvent } from "../../lib/lanes/findings";
import { SEVERITIES } from "../../lib/palette";

/** An open alert, as `GET /alerts` lists it: its last message, and what people did. */
export interface ListedAlert extends CallEvent {
  id: string;
  acknowledged: Alert["acknowledged"];
  assigned: Alert["assigned"];
  snoozed: Alert["snoozed"];
  judged: Alert["judged"];
}

/** How many that are over are kept. */
const MOST_OVER = 20;

const rests = (alert: Alert, ms: number) => alert.snoozed !== null && Date.parse(alert.snoozed.until) > ms;
const inHand = (alert: Alert) => alert.acknowledged.length > 0 || Boolean(alert.assigned?.to);

export class Feed {
  #findings = new Findings();
  /** What was told since the list was asked for: the list may be older. */
  #since: CallEvent[] | null = [];

  /** The list is asked for anew; until it is there, what was known stays. */
  ask(): void {
    this.#since = [];
  }

  /** The list is there. What is over by it, and stood here, has ended meanwhile. */
  list(listed: readonly ListedAlert[]): void {
    const before = this.#findings;
    const findings = new Findings();
    for (const alert of before.sortedAlerts().filter(({ clearedAt }) => clearedAt !== null)) findings.alerts.set(alert.id, alert);
    for (const one of listed) {
      findings.take({ ...one, type: "alert", status: "raised" });
      const { acknowledged, assigned, snoozed, judged } = one;
      Object.assign(findings.alerts.get(one.id)!, { acknowledged, assigned, snoozed, judged, clearedAt: null });
    }
    this.#findings = findings;
    this.#since?.forEach((event) => findings.take(event));
    this.#since = null;
  }

  /** Whether the event was about any of them. */
  take(event: CallEvent): boolean {
    this.#since?.push(event);
    if (event.type !== "call_ended") return this.#findings.take(event);
    for (const alert of this.#findings.alerts.values()) if (alert.call === event.call) alert.clearedAt ??= event.at ?? alert.raisedAt;
    return true;
  }

  /** What nobody has in hand first, what rests last; the gravest of each first, the newest of those. */
  open(ms: number): Alert[] {
    const weight = (alert: Alert) => (rests(alert, ms) ? 20 : inHand(alert) ? 10 : 0) + SEVERITIES.indexOf(alert.severity);
    return this.#all((alert) => alert.clearedAt === null).reverse().sort((one, other) => weight(one) - weight(other));
  }

  /** Those that ended while one looked on, the last first. */
  over(): Alert[] {
    return this.#all((alert) => alert.clearedAt !== null).reverse().slice(0, MOST_OVER);
  }

  /** In the order in which they came, as new objects: whoever draws them sees what changed. */
  #all(wanted: (alert: Alert) => boolean): Alert[] {
    return [...this.#findings.alerts.values()].filter(wanted).map((alert) => ({ ...alert }));
  }
}
