// What a leg was like over the last minutes: what the service kept before the page came, then one sample a board.

export interface Sample {
  emotion: string;
  valence: number;
  /** Whether it spoke: a belief that rests on silence is drawn pale. */
  spoke: boolean;
}

/** A leg's past, as `/api/v1/trends` tells it. */
export interface Past {
  emotion: readonly string[];
  valence: readonly number[];
  spoke: readonly boolean[];
}

/** Samples kept: three minutes. */
export const KEPT = 180;

export class Trend {
  readonly samples: Sample[] = [];

  /** That began before the page: a sample of the past stands for `step` of the board's. */
  static of(past: Past, step: number): Trend {
    const trend = new Trend();
    past.emotion.forEach((emotion, index) => {
      const sample = { emotion, valence: past.valence[index] ?? 0, spoke: past.spoke[index] ?? false };
      for (let second = 0; second < step; second++) trend.add(sample);
    });
    return trend;
  }

  add(sample: Sample): void {
    this.samples.push(sample);
    if (this.samples.length > KEPT) this.samples.shift();
  }

  /** How valence moved from the first third to the last, for words: -1 worse, 1 better; null: too early to say. */
  get direction(): -1 | 0 | 1 | null {
    const third = Math.floor(this.samples.length / 3);
    if (third < 10) return null;
    const mean = (samples: Sample[]) => samples.reduce((sum, one) => sum + one.valence, 0) / samples.length;
    const moved = mean(this.samples.slice(-third)) - mean(this.samples.slice(0, third));
    return moved > 0.15 ? 1 : moved < -0.15 ? -1 : 0;
  }
}
