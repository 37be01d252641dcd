// What goes on, folded from the messages of the shared connection: live calls, and the alerts that stand on them.
import type { ServerMessage } from "./connection.svelte";
import { SEVERITIES, type Severity } from "./palette";

type Of<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;
export type Board = Of<"board">;
export type BoardCall = Board["calls"][string];
export type BoardLeg = NonNullable<BoardCall["legs"][string]>;
export type Load = Board["load"];

/** Seconds of a call for which frames that were not heard are told. */
const TOLD = 15;

export interface StandingAlert {
  id: string;
  call: string;
  leg: string | null;
  rule: string;
  severity: Severity;
  message: string;
  /** Seconds of the call: when it began, and when it was said. */
  time: number;
  at: number;
  /** Who took note of it, newest last. */
  acknowledged: readonly { by: string; note: string }[];
  /** Whose it is; "" where it is nobody's. */
  assigned: string;
  /** Wall clock (ms) up to which nobody wants to hear of it; 0 where it was never snoozed. */
  snoozed: number;
}

/** Whether somebody has it in hand, or wants to hear no more of it for now. */
export const seen = (alert: StandingAlert, ms: number): boolean =>
  alert.acknowledged.length > 0 || alert.assigned !== "" || alert.snoozed > ms;

export class LiveCall {
  readonly id: string;
  readonly started: Of<"call_started">;
  /** The last belief of each leg. */
  readonly states = new Map<string, { emotion: string; confidence: number; time: number }>();
  readonly alerts = new Map<string, StandingAlert>();
  /** Legs whose sender is not understood, and why. */
  readonly unheard = new Map<string, string>();
  /** Seconds that were not heard lately (overload, an engine error), why, and until when that is told. */
  skipped: { seconds: number; cause: string; until: number } | null = null;
  /** Why it ended, and when (ms); null while it goes on. */
  ended: { reason: string; ms: number } | null = null;

  constructor(started: Of<"call_started">) {
    this.id = started.call;
    this.started = started;
  }

  /** Seconds of the call by the clock of its beginning. */
  age(ms: number): number {
    return Math.max(0, ((this.ended?.ms ?? ms) - Date.parse(this.started.started_at)) / 1000);
  }

  /** Alerts that stand, the most severe first, then those that nobody took note of, then the newest. */
  standing(ms: number): StandingAlert[] {
    const weight = (alert: StandingAlert) => SEVERITIES.indexOf(alert.severity) * 2 + Number(seen(alert, ms));
    return [...this.alerts.values()].sort((one, other) => weight(one) - weight(other) || other.at - one.at);
  }

  take(message: ServerMessage): void {
    switch (message.type) {
      case "state":
        if (message.leg) this.states.set(message.leg, { emotion: message.emotion, confidence: message.confidence, time: message.time });
        return;
      case "alert":
        this.#alert(message);
        return;
      case "alert_acknowledged":
        this.#acknowledged(message);
        return;
      case "alert_assigned":
        this.#change(message.id, { assigned: message.to });
        return;
      case "alert_snoozed":
        this.#change(message.id, { snoozed: Date.parse(message.until) });
        return;
      case "hearing":
        if (message.heard) this.unheard.delete(message.leg ?? "");
        else this.unheard.set(message.leg ?? "", message.detail);
        return;
      case "frames_skipped": {
        const before = this.skipped && this.skipped.until > message.at ? this.skipped.seconds : 0;
        this.skipped = { seconds: before + message.frames * 0.02, cause: message.cause, until: message.at + TOLD };
        return;
      }
      case "call_ended":
        this.ended = { reason: message.reason, ms: Date.now() };
        this.alerts.clear();
    }
  }

  #alert(message: Of<"alert">): void {
    if (message.status === "cleared") {
      this.alerts.delete(message.id);
      return;
    }
    const known = this.alerts.get(message.id);
    const { id, call, rule, severity, message: text, time } = message;
    const before = known ?? { at: message.at, acknowledged: [], assigned: "", snoozed: 0 };
    this.alerts.set(id, { ...before, id, call, leg: message.leg ?? null, rule, severity, message: text, time });
  }

  #change(id: string, deed: Partial<StandingAlert>): void {
    const alert = this.alerts.get(id);
    if (alert) this.alerts.set(id, { ...alert, ...deed });
  }

  #acknowledged({ id, by, note }: Of<"alert_acknowledged">): void {
    const others = this.alerts.get(id)?.acknowledged.filter((one) => one.by !== by) ?? [];
    this.#change(id, { acknowledged: [...others, { by, note }] });
  }
}

/** Changes are told ten times a second at most: whoever draws reads `version` and then what he needs. */
const PACE = 100;

export class LiveCalls {
  /** Grows when anything has changed. */
  version: number = $state(0);
  readonly all = new Map<string, LiveCall>();
  #told: ReturnType<typeof setTimeout> | undefined;

  take(message: ServerMessage): void {
    if (!("call" in message) || ("replay" in message && message.replay)) return;
    if (message.type === "call_started") {
      const known = this.all.get(message.call);
      if (!known || known.started.started_at !== message.started_at) this.all.set(message.call, new LiveCall(message));
    } else {
      this.all.get(message.call)?.take(message);
    }
    this.#change();
  }

  forget(): void {
    this.all.clear();
    this.#change();
  }

  /** Drop a call that is over. */
  drop(call: string): void {
    this.all.delete(call);
    this.#change();
  }

  /** Calls that go on. Read `version` to be told of changes. */
  going(): LiveCall[] {
    return [...this.all.values()].filter((call) => !call.ended);
  }

  /** All alerts that stand, in the order in which they were raised. */
  alerts(): StandingAlert[] {
    return this.going().flatMap((call) => [...call.alerts.values()]);
  }

  #change(): void {
    this.#told ??= setTimeout(() => {
      this.#told = undefined;
      this.version += 1;
    }, PACE);
  }
}
