// What a leg was like over the last minutes, one sample a board.

export interface Sample {
  emotion: string;
  valence: number;
  /** Whether it spoke: a belief that rests on silence is drawn pale. */
  spoke: boolean;
}

/** Samples kept: three minutes. */
export const KEPT = 180;

export class Trend {
  readonly samples: Sample[] = [];

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
