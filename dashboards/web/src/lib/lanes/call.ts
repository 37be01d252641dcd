// A call as the page shows it: what the store has of it and what comes live, in one model. Live and stored are the same view.
//
// The seam: the connection is listened to before the store is asked. What comes meanwhile waits; events stand once by their
// `seq`, values by their time. Whatever is missing between the two is a hole, and is asked for again (`loading.ts`).

import { conversation, type Conversation } from "./conversation";
import { Findings, type CallEvent } from "./findings";
import { States } from "./states";
import { Track, type Run } from "./track";

export interface Note {
  id: string;
  time: number;
  leg: string | null;
  text: string;
  /** What it is an example of, for heads that learn; mostly empty. */
  label: string;
  by: string;
}

/** Frames of a leg as the connection brings them. */
export interface LiveFrames extends Run {
  type: "frames";
  leg: string;
}

export interface About {
  call: string;
  labels: readonly string[];
  /** Leg names, and of which emotion is inferred. */
  legs: readonly string[];
  inferred: readonly string[];
  live: boolean;
  seconds: number;
}

export interface Skipped {
  leg: string;
  time: number;
  frames: number;
  cause: string;
}

/** What became of each leg's sound, of which this much is shown. */
export type Reports = Readonly<Record<string, { readonly overflow_seconds?: number }>>;

const ORDER = ["customer", "agent", "mixed"];

export class CallModel {
  readonly tracks: Track[];
  readonly states: Map<string, States>;
  readonly findings = new Findings();
  readonly skipped: Skipped[] = [];
  /** Legs whose audio is not understood (encrypted, another codec), and what is known of why. */
  readonly deaf = new Map<string, string>();
  /** Legs of which sound came and was lost here, in the kernel or in this service, and how many seconds. */
  readonly dropped = new Map<string, number>();
  notes: Note[] = [];
  live: boolean;
  /** Why it ended; empty while it goes on or where that is not known. */
  reason = "";
  private told: number;
  private seen = new Set<number>();
  private waiting: (CallEvent | LiveFrames)[] | null = [];
  private listeners = new Set<() => void>();
  private talked: { at: number; conversation: Conversation } | null = null;

  constructor(readonly about: About) {
    const legs = [...about.legs].sort((one, other) => ORDER.indexOf(one) - ORDER.indexOf(other));
    this.tracks = legs.map((leg) => {
      const analysed = about.inferred.includes(leg);
      return new Track(leg, analysed ? about.labels : [], analysed);
    });
    this.states = new Map(legs.map((leg) => [leg, new States()]));
    this.live = about.live;
    this.told = about.seconds;
  }

  get seconds(): number {
    return Math.max(this.told, ...this.tracks.map((track) => track.seconds));
  }

  track(leg: string): Track | undefined {
    return this.tracks.find((track) => track.leg === leg);
  }

  /** Call `listener` after each change; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What the connection says. Until `stored` was called it waits, so that events are taken in the order of the journal. */
  take(message: CallEvent | LiveFrames): void {
    if (this.waiting) this.waiting.push(message);
    else {
      this.takeNow(message);
      this.tell();
    }
  }

  /** The store's events were taken, and `runs` of its frames by leg: from now on live messages are taken as they come. */
  stored(events: readonly CallEvent[], runs: readonly (readonly [string, Run])[]): void {
    for (const event of events) this.takeNow(event);
    for (const [leg, run] of runs) this.track(leg)?.put(run);
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const message of waiting) this.takeNow(message);
    this.tell();
  }

  /** More of a leg's frames, which were asked for because they were missing. */
  fill(leg: string, ...runs: Run[]): void {
    for (const run of runs) this.track(leg)?.put(run);
    this.tell();
  }

  /** The accounts of the legs, as far as they have come. */
  account(reports: Reports): void {
    this.note(reports);
    this.tell();
  }

  keepNotes(notes: readonly Note[]): void {
    this.notes = [...notes].sort((one, other) => one.time - other.time);
    this.tell();
  }

  /** The leg and second from which on something is missing; of a live call its edge is not missing. */
  hole(): { leg: string; time: number } | null {
    for (const track of this.tracks) {
      const tick = track.hole();
      if (tick !== null) return { leg: track.leg, time: tick / 10 };
    }
    return null;
  }

  /** Talk, silence and interruptions so far; computed anew once a second of the call at most. */
  conversation(): Conversation {
    const at = Math.max(0, ...this.tracks.map((track) => track.ticks));
    if (!this.talked || at - this.talked.at >= 10 || at < this.talked.at || (!this.live && at !== this.talked.at)) {
      this.talked = { at, conversation: conversation(this.tracks) };
    }
    return this.talked.conversation;
  }

  private takeNow(message: CallEvent | LiveFrames): void {
    if (message.type === "frames") {
      const frames = message as LiveFrames;
      this.track(frames.leg)?.put(frames);
      return;
    }
    const event = message as CallEvent;
    if (event.seq !== undefined) {
      if (this.seen.has(event.seq)) return;
      this.seen.add(event.seq);
    }
    this.told = Math.max(this.told, event.at ?? 0);
    switch (event.type) {
      case "state":
        this.states.get(String(event.leg))?.add({
          time: event.time ?? 0, emotion: String(event.emotion), confidence: Number(event.confidence),
        });
        break;
      case "hearing":
        if (event.heard === true) this.deaf.delete(String(event.leg));
        else this.deaf.set(String(event.leg), String(event.detail));
        break;
      case "frames_skipped":
        this.skipped.push({ leg: String(event.leg), time: event.time ?? 0, frames: Number(event.frames), cause: String(event.cause) });
        break;
      case "note_written":
        this.keep({ id: String(event.id), time: event.time ?? 0, leg: event.leg ?? null, text: String(event.text), label: String(event.label ?? ""), by: String(event.by) });
        break;
      case "note_erased":
        this.notes = this.notes.filter((note) => note.id !== event.id);
        break;
      case "call_ended":
        this.live = false;
        this.note(event.legs as Reports | undefined);
        this.reason = String(event.reason);
        break;
      default:
        this.findings.take(event);
    }
  }

  private note(reports: Reports = {}): void {
    for (const [leg, { overflow_seconds }] of Object.entries(reports)) if (overflow_seconds) this.dropped.set(leg, overflow_seconds);
  }

  private keep(note: Note): void {
    this.notes = [...this.notes.filter((each) => each.id !== note.id), note].sort((one, other) => one.time - other.time);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
