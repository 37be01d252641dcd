// The order of the rows: the most urgent first, and as still as can be.
//
// A row moves only where its level changes. It rises at once, and falls after it has been lower for a while; within a level
// rows stand in the order in which they came there. While somebody is at the list nothing moves at all.
import type { Row } from "./row";

const NEGATIVE = new Set(["angry", "disgusted", "fearful", "sad"]);
/** Seconds for which a row must be lower before it falls. */
export const HOLD = 10;

/** 0: nothing special, 6: a critical alert that nobody has in hand. */
export function urgency(row: Row): number {
  if (row.ended) return 0;
  if (row.alert?.severity === "critical") return row.alertSeen ? 4 : 6;
  if (row.alert?.severity === "warning") return row.alertSeen ? 3 : 5;
  if (row.state.emotion === "angry") return 3;
  if (row.alert) return 2;
  return NEGATIVE.has(row.state.emotion) ? 1 : 0;
}

interface Place {
  level: number;
  /** Counts who came to a level, over all. */
  came: number;
  /** Milliseconds since which it has been lower; null where it is not. */
  lowerSince: number | null;
}

export class Order {
  #places = new Map<string, Place>();
  #shown: string[] = [];
  #count = 0;
  /** Rows that stand elsewhere than they would if nobody were at the list. */
  waiting = 0;

  /** The ids in the order in which to show them. `held`: somebody is at the list. */
  arrange(rows: readonly Row[], ms: number, held: boolean): string[] {
    for (const row of rows) this.#place(row, ms);
    const there = new Set(rows.map((row) => row.id));
    for (const id of this.#places.keys()) if (!there.has(id)) this.#places.delete(id);
    const wanted = [...there].sort((one, other) => this.#compare(one, other));
    if (held) {
      const kept = this.#shown.filter((id) => there.has(id));
      const known = new Set(kept);
      const shown = [...kept, ...wanted.filter((id) => !known.has(id))];
      this.waiting = shown.filter((id, index) => wanted[index] !== id).length;
      this.#shown = shown;
    } else {
      this.waiting = 0;
      this.#shown = wanted;
    }
    return this.#shown;
  }

  #place(row: Row, ms: number): void {
    const level = urgency(row);
    const place = this.#places.get(row.id);
    if (!place || level > place.level) {
      this.#places.set(row.id, { level, came: ++this.#count, lowerSince: null });
    } else if (level === place.level) {
      place.lowerSince = null;
    } else {
      place.lowerSince ??= ms;
      if (ms - place.lowerSince >= HOLD * 1000) this.#places.set(row.id, { level, came: ++this.#count, lowerSince: null });
    }
  }

  #compare(one: string, other: string): number {
    const [first, second] = [this.#places.get(one)!, this.#places.get(other)!];
    return second.level - first.level || first.came - second.came;
  }
}
