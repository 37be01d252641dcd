// @vitest-environment node
import { describe, expect, it } from "vitest";
import { Track } from "./track";

const track = () => new Track("customer", ["angry", "neutral"], true);

describe("a track", () => {
  it("puts a run where its time says", () => {
    const one = track();
    one.put({ time: 1.2, rate: 10, speech: [0.5, 1], posterior: { angry: [0.25, 0.75], neutral: [0.75, 0.25] } });
    expect(one.ticks).toBe(14);
    expect([...one.speech.subarray(12, 14)]).toEqual([0.5, 1]);
    expect(one.chances(13)).toEqual([["angry", 0.75], ["neutral", 0.25]]);
  });

  it("holds once what came twice", () => {
    const one = track();
    one.put({ time: 0, rate: 10, speech: [1, 1, 1] });
    one.put({ time: 0.1, rate: 10, speech: [0.5, 0.5, 0.5] });
    expect(one.ticks).toBe(4);
    expect([...one.speech.subarray(0, 4)]).toEqual([1, 0.5, 0.5, 0.5]);
  });

  it("knows from where on something is missing", () => {
    const one = track();
    one.put({ time: 0, rate: 10, speech: [1, 1] });
    one.put({ time: 0.5, rate: 10, speech: [1] });
    expect(one.hole()).toBe(2);
    one.put({ time: 0.2, rate: 10, speech: [1, null, 1] });
    expect(one.hole()).toBeNull();
  });

  it("spreads values that come less often than ticks", () => {
    const one = track();
    one.put({ time: 2, rate: 5, level: [-20, -30] });
    expect([...one.level.subarray(20, 24)]).toEqual([-20, -20, -30, -30]);
    expect(one.measured).toBe(true);
  });

  it("keeps what it has when it grows", () => {
    const one = track();
    one.put({ time: 0, rate: 10, valence: [0.5] });
    one.put({ time: 4000, rate: 10, valence: [0.25] });
    expect([one.valence[0], one.valence[40_000], one.valence[1]]).toEqual([0.5, 0.25, NaN]);
  });
});
