import { expect, test } from "vitest";
import { KEPT, Trend } from "./trend";

const past = (samples: number) => ({
  emotion: Array.from({ length: samples }, (_, index) => (index < samples / 2 ? "neutral" : "angry")),
  valence: Array.from({ length: samples }, (_, index) => -index / samples),
  spoke: Array.from({ length: samples }, () => true),
});

test("a call that went on before the page was opened has its last three minutes", () => {
  const trend = Trend.of(past(60), 3);
  expect(trend.samples).toHaveLength(KEPT);
  expect([trend.samples[0]?.emotion, trend.samples.at(-1)?.emotion]).toEqual(["neutral", "angry"]);
  expect(trend.direction).toBe(-1);
});

test("a sample of the past lasts as long as it stands for, and what comes after follows it", () => {
  const trend = Trend.of(past(2), 3);
  trend.add({ emotion: "happy", valence: 0.5, spoke: false });
  expect(trend.samples.map((one) => one.emotion)).toEqual(["neutral", "neutral", "neutral", "angry", "angry", "angry", "happy"]);
});
