// What each leg was believed to feel, as runs: a state event begins one. Found by bisection, so an hour is as quick as a minute.

export const UNKNOWN = "unknown";

export interface State {
  time: number;
  emotion: string;
  confidence: number;
}

export class States {
  readonly all: State[] = [];

  add(state: State): void {
    const at = this.after(state.time);
    const before = this.all[at - 1];
    if (before && Math.abs(before.time - state.time) < 1e-6) this.all[at - 1] = state;
    else this.all.splice(at, 0, state);
  }

  at(time: number): State {
    return this.all[this.after(time + 1e-6) - 1] ?? { time: 0, emotion: UNKNOWN, confidence: 0 };
  }

  /** Call `paint(emotion, from, to)` for each run that is in sight between two moments; the last reaches `edge`. */
  each(from: number, to: number, edge: number, paint: (emotion: string, from: number, to: number) => void): void {
    const first = this.all[0];
    if (!first || first.time > from) paint(UNKNOWN, from, Math.min(first?.time ?? edge, edge, to));
    for (let at = Math.max(this.after(from) - 1, 0); at < this.all.length; at += 1) {
      const { emotion, time } = this.all[at]!;
      if (time >= to) break;
      paint(emotion, Math.max(time, from), Math.min(this.all[at + 1]?.time ?? edge, to));
    }
  }

  /** How many states begin before or at `time`. */
  private after(time: number): number {
    let low = 0, high = this.all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.all[middle]!.time <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
