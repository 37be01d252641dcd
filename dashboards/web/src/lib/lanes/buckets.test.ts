// @vitest-environment node
import { describe, expect, it } from "vitest";
import { bucketsOf, marked, means, peaks } from "./buckets";
import { LATE, LOST, Track } from "./track";
import { View } from "./view";

const hour = () => {
  const track = new Track("agent", [], false);
  track.put({ time: 0, rate: 10, speech: Array.from({ length: 36_000 }, (_, tick) => (tick % 2)), level: Array.from({ length: 36_000 }, (_, tick) => (tick === 777 ? -1 : -40)) });
  return track;
};
const view = (seconds: number, start: number, span: number) => {
  const one = Object.assign(new View(seconds), { width: 1000 });
  one.show(start, span);
  return one;
};

describe("buckets", () => {
  it("are about one pixel of a long call, and one tick of a short stretch", () => {
    expect(bucketsOf(view(3600, 0, 3600), 36_000)).toEqual({ size: 36, first: 0, count: 1000 });
    expect(bucketsOf(view(3600, 100, 10), 36_000)).toEqual({ size: 1, first: 1000, count: 100 });
  });

  it("lie at the same ticks wherever the view is, so nothing shimmers as it scrolls", () => {
    const firsts = [0.1, 3.7, 12.2, 31.4].map((start) => bucketsOf(view(3600, start, 1800), 36_000));
    expect(firsts.map(({ first, size }) => first % size)).toEqual([0, 0, 0, 0]);
  });

  it("lose no peak and keep the mean", () => {
    const track = hour(), buckets = bucketsOf(view(3600, 0, 3600), track.ticks);
    expect(Math.max(...peaks(track.level, buckets, track.ticks))).toBe(-1);
    expect(means(track.speech, buckets, track.ticks)[500]).toBeCloseTo(0.5);
  });

  it("end with what is known", () => {
    const track = new Track("agent", [], false);
    track.put({ time: 0, rate: 10, speech: [1, 1, 1] });
    const buckets = bucketsOf(view(10, 0, 10), track.ticks);
    expect(buckets.count).toBe(3);
    expect([...means(track.speech, buckets, track.ticks)]).toEqual([1, 1, 1]);
  });

  it("find stretches of marks", () => {
    const track = new Track("agent", [], false);
    track.put({ time: 0, rate: 10, marks: [0, LOST, LOST | LATE, 0, LATE, LOST] });
    expect(marked(track, LOST)).toEqual([[0.1, 0.3], [0.5, 0.6]]);
    expect(marked(track, LATE, 3)).toEqual([[0.4, 0.5]]);
  });
});
