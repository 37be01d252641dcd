// Ticks gathered so that one bucket is about one pixel: an hour is drawn as quickly as a minute.
// Buckets lie at multiples of their size, wherever the view is, so nothing shimmers when it scrolls.

import { TICK_RATE, type Track } from "./track";
import type { View } from "./view";

export interface Buckets {
  /** Ticks a bucket. */
  size: number;
  /** Tick at which the first bucket begins. */
  first: number;
  count: number;
}

export function bucketsOf(view: View, ticks: number): Buckets {
  const size = Math.max(1, Math.ceil((view.span * TICK_RATE) / Math.max(view.width, 1) - 1e-9));
  const first = Math.max(0, Math.floor((view.start * TICK_RATE) / size) * size);
  const stop = Math.min(ticks, Math.ceil(view.end * TICK_RATE));
  return { size, first, count: Math.max(0, Math.ceil((stop - first) / size)) };
}

/** Mean of what is known in each bucket; NaN where nothing is. `least`: values below it are not known. */
export function means(values: Float32Array, { size, first, count }: Buckets, ticks: number, least = -Infinity): Float32Array {
  const result = new Float32Array(count).fill(NaN);
  for (let at = 0; at < count; at += 1) {
    let sum = 0, known = 0;
    const stop = Math.min(first + (at + 1) * size, ticks);
    for (let tick = first + at * size; tick < stop; tick += 1) {
      const value = values[tick]!;
      if (value >= least) { sum += value; known += 1; }
    }
    if (known) result[at] = sum / known;
  }
  return result;
}

/** Largest value in each bucket; NaN where nothing is known. */
export function peaks(values: Float32Array, { size, first, count }: Buckets, ticks: number): Float32Array {
  const result = new Float32Array(count).fill(NaN);
  for (let at = 0; at < count; at += 1) {
    const stop = Math.min(first + (at + 1) * size, ticks);
    for (let tick = first + at * size; tick < stop; tick += 1) {
      if (!(values[tick]! <= result[at]!)) result[at] = Number.isNaN(values[tick]!) ? result[at]! : values[tick]!;
    }
  }
  return result;
}

/** Seconds at which stretches of ticks with any of `bits` begin and end. */
export function marked(track: Track, bits: number, from = 0, to = track.ticks): [number, number][] {
  const found: [number, number][] = [];
  let since: number | null = null;
  for (let tick = from; tick <= to; tick += 1) {
    const has = tick < to && (track.marks[tick]! & bits) !== 0;
    if (has && since === null) since = tick;
    if (!has && since !== null) {
      found.push([since / TICK_RATE, tick / TICK_RATE]);
      since = null;
    }
  }
  return found;
}
