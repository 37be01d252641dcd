// Brings a call into its model: what the store has, then what comes live, and whatever is missing between.
import { get } from "../api";
import { Connection } from "../connection.svelte";
import { CallModel, type LiveFrames, type Reports } from "./call";
import type { CallEvent } from "./findings";
import type { Run } from "./track";

export interface Detail {
  call: string;
  status: string;
  started_at: string;
  seconds: number;
  source: string;
  engine: { name?: string; model?: string };
  legs: Record<string, unknown>;
  inferred: string[];
  labels: string[];
  metadata: Record<string, unknown>;
  reason: string;
  reports: Reports;
  /** Legs whose sound was kept. */
  sound?: string[];
}

interface Series extends Run {
  seconds: number;
}

const EVENTS = 10_000; // the most that are asked for at once
const STRETCH = 3_000; // seconds of frames that are asked for at once
const LOOK_FOR_HOLES = 1_500; // ms
const RENEW = 10_000; // ms: the connection does not say what was lost or late
const RECENT = 30; // seconds of which marks are asked for again

export class Loading {
  readonly connection: Connection;
  private timers: ReturnType<typeof setInterval>[] = [];
  private filling = false;

  constructor(readonly model: CallModel, readonly detail: Detail, private readonly ended: () => void) {
    this.connection = new Connection({ calls: [detail.call], frames: model.live }, {
      take: (message) => {
        model.take(message as unknown as CallEvent | LiveFrames);
        if (message.type === "call_ended") void this.finish();
      },
    });
  }

  /** The stored part. Raises `ApiError`. */
  async load(): Promise<void> {
    const { model } = this;
    const seen = model.seconds;
    const [events, ...runs] = await Promise.all([this.events(), ...model.tracks.map((track) => this.runs(track.leg, track.analysed, 0, seen))]);
    model.stored(events, runs.flat());
    if (!model.live) return;
    this.timers.push(setInterval(() => void this.fillHole(), LOOK_FOR_HOLES), setInterval(() => void this.recent(), RENEW));
  }

  close(): void {
    this.timers.forEach(clearInterval);
    this.timers = [];
    this.connection.close();
  }

  private async events(): Promise<CallEvent[]> {
    const all: CallEvent[] = [];
    for (let since = 0; ;) {
      const { events } = await get<{ events: CallEvent[] }>(this.path("events"), { since, limit: EVENTS });
      all.push(...events);
      if (events.length < EVENTS) return all;
      since = events[events.length - 1]!.seq ?? 0;
    }
  }

  private async runs(leg: string, analysed: boolean, from: number, seconds: number): Promise<(readonly [string, Run])[]> {
    const starts: number[] = [];
    for (let start = from; start === from || start < seconds; start += STRETCH) starts.push(start);
    const found = await Promise.all(starts.flatMap((start) => {
      const query = { leg, from: start, to: start + STRETCH };
      const frames = get<Series>(this.path("frames"), { ...query, rate: 10 }).then(heard);
      return analysed ? [frames, get<Series>(this.path("belief"), query)] : [frames];
    }));
    return found.map((run) => [leg, run] as const);
  }

  private async fillHole(): Promise<void> {
    const hole = this.model.hole();
    if (!hole || this.filling) return;
    this.filling = true;
    try {
      const track = this.model.track(hole.leg)!;
      for (const [leg, run] of await this.runs(hole.leg, track.analysed, hole.time, hole.time)) this.model.fill(leg, run);
    } catch {
      // the connection says that the server is away; the hole is looked for again
    } finally {
      this.filling = false;
    }
  }

  /** Marks of the last seconds, and the accounts of the legs. */
  private async recent(): Promise<void> {
    const from = Math.floor(Math.max(this.model.seconds - RECENT, 0));
    try {
      for (const { leg } of this.model.tracks) {
        const { time, rate, marks, level } = await get<Series>(this.path("frames"), { leg, from, rate: 10 });
        this.model.fill(leg, { time, rate, ...(marks ? { marks } : {}), ...(level ? { level } : {}) });
      }
      this.model.account((await get<Detail>(`/calls/${encodeURIComponent(this.detail.call)}`)).reports);
    } catch {
      // as above
    }
  }

  /** The call is over: what was last committed, and the marks of all of it. */
  private async finish(): Promise<void> {
    this.timers.forEach(clearInterval);
    this.timers = [];
    const { model } = this;
    for (const track of model.tracks) {
      for (const [leg, run] of await this.runs(track.leg, track.analysed, 0, model.seconds).catch(() => [])) model.fill(leg, run);
    }
    this.ended();
  }

  private path(what: string): string {
    return `/calls/${encodeURIComponent(this.detail.call)}/${what}`;
  }
}

/** Of stored frames what the lanes show: their posterior is unsmoothed, and `belief` has what was believed. */
function heard({ time, rate, speech, level, marks }: Series): Run {
  return { time, rate, ...(speech ? { speech } : {}), ...(level ? { level } : {}), ...(marks ? { marks } : {}) };
}

/** Open a call, live or stored. Raises `ApiError` where there is none. */
export async function openCall(id: string, ended: () => void): Promise<Loading> {
  const detail = await get<Detail>(`/calls/${encodeURIComponent(id)}`);
  const model = new CallModel({
    call: detail.call, labels: detail.labels, legs: Object.keys(detail.legs), inferred: detail.inferred,
    live: detail.status === "live", seconds: detail.seconds,
  });
  const loading = new Loading(model, detail, ended);
  await loading.load();
  model.account(detail.reports);
  return loading;
}
