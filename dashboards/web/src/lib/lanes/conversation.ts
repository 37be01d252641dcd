// Who talks, who is silent, who talks over whom: one computation, from the speech of the legs alone.

import { TICK_RATE } from "./track";

export const SPEAKS = 0.5; // probability
const BREATH = 5; // ticks: shorter gaps lie between words of one turn
const LEAST_TURN = 3; // ticks: shorter is no turn
const LONG_SILENCE = 3; // seconds
const TOGETHER = 0.5; // seconds
const HOLDS_FLOOR = 1; // seconds for which somebody has talked before being interrupted

export interface Stretch {
  start: number;
  end: number;
}

export interface Interruption extends Stretch {
  /** Who began while the other was talking. */
  by: string;
  /** Whether the other fell silent first. */
  gaveWay: boolean;
}

export interface Conversation {
  turns: Record<string, Stretch[]>;
  /** Seconds. */
  talk: Record<string, number>;
  /** Of all that was said, from 0 to 1; 0 where nobody has spoken. */
  share: Record<string, number>;
  silences: Stretch[];
  talkOver: Stretch[];
  interruptions: Interruption[];
}

export interface Speech {
  leg: string;
  speech: ArrayLike<number>;
  ticks: number;
}

/** Stretches in which a leg talks; the gaps between words belong to them. */
export function turnsOf({ speech, ticks }: Speech): Stretch[] {
  const turns: [number, number][] = [];
  for (let tick = 0; tick < ticks; tick += 1) {
    if (!(speech[tick]! >= SPEAKS)) continue;
    const last = turns[turns.length - 1];
    if (last && tick - last[1] <= BREATH) last[1] = tick + 1;
    else turns.push([tick, tick + 1]);
  }
  return turns
    .filter(([start, end]) => end - start >= LEAST_TURN)
    .map(([start, end]) => ({ start: start / TICK_RATE, end: end / TICK_RATE }));
}

export function conversation(legs: readonly Speech[]): Conversation {
  const turns = Object.fromEntries(legs.map((leg) => [leg.leg, turnsOf(leg)]));
  const talk = Object.fromEntries(Object.entries(turns).map(([leg, all]) => [leg, sum(all)]));
  const total = Object.values(talk).reduce((all, one) => all + one, 0);
  const share = Object.fromEntries(Object.entries(talk).map(([leg, one]) => [leg, total ? one / total : 0]));
  const [one, other] = legs;
  const together = one && other ? overlaps(turns[one.leg]!, turns[other.leg]!) : [];
  return {
    turns,
    talk,
    share,
    silences: silences(Object.values(turns), Math.max(0, ...legs.map((leg) => leg.ticks)) / TICK_RATE),
    talkOver: together.map(({ start, end }) => ({ start, end })).filter(long(TOGETHER)),
    interruptions: one && other ? interruptions(together, one.leg, other.leg) : [],
  };
}

interface Overlap extends Stretch {
  turns: [Stretch, Stretch];
}

function overlaps(some: readonly Stretch[], others: readonly Stretch[]): Overlap[] {
  const found: Overlap[] = [];
  for (let i = 0, k = 0; i < some.length && k < others.length;) {
    const one = some[i]!, other = others[k]!;
    const start = Math.max(one.start, other.start), end = Math.min(one.end, other.end);
    if (end > start) found.push({ start, end, turns: [one, other] });
    if (one.end < other.end) i += 1;
    else k += 1;
  }
  return found;
}

function interruptions(together: readonly Overlap[], one: string, other: string): Interruption[] {
  return together.filter(long(TOGETHER)).flatMap(({ start, end, turns }) => {
    const later = turns[0].start >= turns[1].start ? 0 : 1;
    const holder = turns[1 - later]!, comer = turns[later]!;
    if (comer.start - holder.start < HOLDS_FLOOR || start !== comer.start) return [];
    return [{ start, end, by: later === 0 ? one : other, gaveWay: holder.end < comer.end }];
  });
}

function silences(turns: readonly (readonly Stretch[])[], seconds: number): Stretch[] {
  const all = turns.flat().sort((a, b) => a.start - b.start);
  const found: Stretch[] = [];
  let end = 0;
  for (const turn of [...all, { start: seconds, end: seconds }]) {
    if (turn.start > end) found.push({ start: end, end: turn.start });
    end = Math.max(end, turn.end);
  }
  return found.filter(long(LONG_SILENCE));
}

const long = (least: number) => ({ start, end }: Stretch) => end - start >= least - 1e-9;
const sum = (all: readonly Stretch[]) => all.reduce((seconds, { start, end }) => seconds + end - start, 0);
