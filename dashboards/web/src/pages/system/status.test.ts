import { expect, test } from "vitest";
import { amiss, busyShare, type Status } from "./status";

const status = (more: object = {}, inference: object = {}): Status =>
  ({ closing: false, store_errors: {}, sinks: [], inference: { failing: false, hop_factor: 1, busy_seconds: 10, ...inference }, ...more }) as unknown as Status;

test("the share in which the engine computes is told from two looks", () => {
  const before = { ms: 1000, status: status() };
  expect([busyShare(null, before), busyShare(before, { ms: 3000, status: status({}, { busy_seconds: 10.5 }) })]).toEqual([null, 0.25]);
});

test("nothing is amiss where all is well", () => {
  expect(amiss(status())).toEqual([]);
});

test("what is amiss is named, the worst first", () => {
  const sink = { name: "crm", lag: 300, delivered: 1, failed: 9, retried: 8, dead_lettered: 0 };
  const ill = status({ closing: true, store_errors: { c1: "disk full" }, sinks: [sink] }, { failing: true, hop_factor: 2 });
  expect(amiss(ill).map((one) => one.word)).toEqual(["system.closing", "system.failing", "system.store", "system.overload", "system.sink"]);
});
