// One leg of a call, a value each tick (100 ms), whoever brings it: the store, the live connection, or a page's own data.
// A run is put where it belongs by its time, so what comes twice stands once, and what is missing is a hole that can be asked for.

export const TICK_RATE = 10;
/** Bits of `marks` (docs/store.md). */
export const LOST = 1, SKIPPED = 4, LATE = 8;

type Values = readonly (number | null)[];

/** Values that follow each other, `rate` a second from `time` on. What a run does not have, it leaves as it was. */
export interface Run {
  time: number;
  rate: number;
  speech?: Values;
  level?: Values;
  posterior?: Readonly<Record<string, Values>>;
  valence?: Values;
  arousal?: Values;
  marks?: readonly number[];
}

/** The sound's outline, finer than ticks, where a page has it: magnitudes from 0 to 1, `rate` a second. */
export interface Outline {
  rate: number;
  peak: ArrayLike<number>;
  mean: ArrayLike<number>;
}

export class Track {
  /** One past the last tick of which anything is known. */
  ticks = 0;
  speech = new Float32Array(0);
  /** dBFS; NaN where nobody measured. */
  level = new Float32Array(0);
  valence = new Float32Array(0);
  arousal = new Float32Array(0);
  marks = new Uint8Array(0);
  posterior: Float32Array[];
  outline: Outline | null = null;
  private filled = 0;

  constructor(readonly leg: string, readonly labels: readonly string[], readonly analysed: boolean) {
    this.posterior = labels.map(() => new Float32Array(0));
  }

  get seconds(): number {
    return this.ticks / TICK_RATE;
  }

  /** Whether the loudness of any moment is known. */
  measured = false;

  put(run: Run): void {
    const first = Math.round(run.time * TICK_RATE);
    const each = TICK_RATE / run.rate;
    const lists: [readonly (number | null)[] | undefined, () => Float32Array | Uint8Array][] = [
      [run.speech, () => this.speech],
      [run.level, () => this.level],
      [run.valence, () => this.valence],
      [run.arousal, () => this.arousal],
      [run.marks, () => this.marks],
      ...this.labels.map((label, at): [Values | undefined, () => Float32Array] => [run.posterior?.[label], () => this.posterior[at]!]),
    ];
    const count = Math.max(0, ...lists.map(([values]) => values?.length ?? 0));
    const stop = first + Math.round(count * each);
    this.reserve(stop);
    for (const [values, into] of lists) {
      const kept = into();
      values?.forEach((value, index) => {
        for (let tick = first + Math.round(index * each); tick < first + Math.round((index + 1) * each); tick += 1) {
          if (tick >= 0) kept[tick] = value ?? NaN;
          if (values === run.level && value !== null) this.measured = true;
        }
      });
    }
    this.ticks = Math.max(this.ticks, stop);
  }

  /** The first tick from `from` on whose speech nobody has told, though later ones are known. */
  hole(from = 0): number | null {
    for (let tick = Math.max(from, 0); tick < this.ticks; tick += 1) if (this.speech[tick]! < 0) return tick;
    return null;
  }

  /** What is believed at a tick: label and probability, the likeliest first. */
  chances(tick: number): [string, number][] {
    return this.labels
      .map((label, at): [string, number] => [label, this.posterior[at]![tick] ?? NaN])
      .filter(([, share]) => Number.isFinite(share))
      .sort((one, other) => other[1] - one[1]);
  }

  private reserve(ticks: number): void {
    if (ticks <= this.filled) return;
    const room = Math.max(ticks, this.filled * 2, 600);
    const grown = (old: Float32Array, empty: number): Float32Array<ArrayBuffer> => {
      const values = new Float32Array(room).fill(empty);
      values.set(old);
      return values;
    };
    this.speech = grown(this.speech, -1); // not told yet; NaN: told that nobody knows
    this.level = grown(this.level, NaN);
    this.valence = grown(this.valence, NaN);
    this.arousal = grown(this.arousal, NaN);
    this.posterior = this.posterior.map((values) => grown(values, NaN));
    const marks = new Uint8Array(room);
    marks.set(this.marks);
    this.marks = marks;
    this.filled = room;
  }
}
