// @vitest-environment node
import { expect, it } from "vitest";
import { RATE, Ring } from "./ring";

const tick = (value: number) => new Float32Array(1600).fill(value);
const taken = (ring: Ring, samples: number, legs = 2) => {
  const out = Array.from({ length: legs }, () => new Float32Array(samples));
  ring.take(out);
  return out;
};

it("plays nothing until enough waits, then everything in its place", () => {
  const ring = new Ring(2);
  ring.put(0, 8000, tick(0.1));
  expect(taken(ring, 128)[0]![0]).toBe(0);
  for (const number of [1, 2, 3]) ring.put(0, 8000 + number * 1600, tick(number));
  ring.put(1, 8000, tick(-1));
  const [customer, agent] = taken(ring, 3200);
  expect([customer![0], customer![1600]]).toEqual([Math.fround(0.1), 1]);
  expect([agent![0], agent![1600]]).toEqual([-1, 0]);
});

it("is never more than a second behind: of what piles up the oldest is skipped", () => {
  const ring = new Ring(1);
  for (let number = 0; number < 50; number += 1) ring.put(0, number * 1600, tick(number));
  expect(ring.behind).toBeLessThanOrEqual(1);
});

it("waits where the network is late, and goes on without a word lost", () => {
  const ring = new Ring(1);
  for (const number of [0, 1, 2]) ring.put(0, number * 1600, tick(number + 1));
  taken(ring, 4800, 1);
  expect(taken(ring, 128, 1)[0]![0]).toBe(0);
  for (const number of [3, 4, 5]) ring.put(0, number * 1600, tick(number + 1));
  expect(taken(ring, 128, 1)[0]![0]).toBe(4);
});

it("what comes after its moment is not heard", () => {
  const ring = new Ring(1);
  for (const number of [0, 1, 2, 3, 4]) ring.put(0, number * 1600, tick(1));
  taken(ring, 3200, 1);
  ring.put(0, 0, tick(9));
  expect(ring.behind).toBe(4800 / RATE);
});
