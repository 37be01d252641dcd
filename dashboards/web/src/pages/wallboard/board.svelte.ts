// The board of the service, once a second, and what the wallboard keeps of it. Its connection is open while the wallboard is.
import { get } from "../../lib/api";
import type { Board, BoardCall, Load } from "../../lib/calls.svelte";
import { Connection, type ServerMessage } from "../../lib/connection.svelte";
import { calls } from "../../lib/live.svelte";
import { type Past, Trend } from "./trend";

/** Milliseconds for which a call that is over is still shown. */
const LINGER = 12_000;

/** The leg that a row is about. */
const chosen = <T>(legs: Record<string, T>): T | undefined => legs["customer"] ?? legs["mixed"] ?? legs["agent"];

export class BoardFeed {
  load: Load | null = $state.raw(null);
  /** Milliseconds of the clock at which the newest board came. */
  came: number = $state(0);
  readonly trends = new Map<string, Trend>();
  readonly connection: Connection;
  #calls: Board["calls"] = {};

  constructor() {
    this.connection = new Connection({ board: true, types: ["call_ended"] }, {
      take: (message) => this.#take(message),
      // Also after an interruption: the service has what this page missed.
      greeted: () => void this.#recall(),
    });
  }

  of(call: string): BoardCall | undefined {
    return this.#calls[call];
  }

  close(): void {
    this.connection.close();
  }

  async #recall(): Promise<void> {
    try {
      const { step, calls } = await get<{ step: number; calls: Record<string, Record<string, Past>> }>("/trends");
      for (const [id, legs] of Object.entries(calls)) {
        const past = chosen(legs);
        if (past) this.trends.set(id, Trend.of(past, step));
      }
    } catch {
      // Trends begin with the page, then; what hinders is told beside the connection.
    }
  }

  #take(message: ServerMessage): void {
    if (message.type !== "board") return;
    this.#calls = message.calls;
    this.load = message.load;
    this.came = Date.now();
    for (const [id, { legs }] of Object.entries(message.calls)) {
      const leg = chosen(legs);
      if (!leg || leg.valence === null) continue;
      const trend = this.trends.get(id) ?? new Trend();
      trend.add({ emotion: leg.emotion, valence: leg.valence, spoke: leg.speech > 0 });
      this.trends.set(id, trend);
    }
    for (const id of this.trends.keys()) if (!(id in message.calls)) this.trends.delete(id);
    for (const call of calls.all.values()) if (call.ended && this.came - call.ended.ms > LINGER) calls.drop(call.id);
  }
}
