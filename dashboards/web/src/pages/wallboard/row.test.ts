import { expect, test } from "vitest";
import { LiveCall, type BoardCall } from "../../lib/calls.svelte";
import { matches, rowOf } from "./row";

const MS = Date.parse("2026-03-01T14:15:00Z");

function call(metadata: Record<string, unknown> = {}, legs: ("customer" | "agent" | "mixed")[] = ["customer", "agent"], inferred = legs): LiveCall {
  return new LiveCall({
    type: "call_started", seq: 1, recorded_at: "", call: "queue-7", leg: null, time: 0, at: 0,
    started_at: "2026-03-01T14:14:00Z", legs, inferred, source: "rtp", engine: "compact", labels: ["angry"], metadata,
  });
}

const leg = { emotion: "angry", confidence: 0.9, valence: -0.4, arousal: 0.5, speech: 1, talk: 30, level: -20, lost: 0.001, late: 0, overflow: 0, backlog: 0.8 };
const board: BoardCall = {
  seconds: 61, silence: 0, overtalk: 2, alerts: { critical: 0, warning: 0, info: 0 },
  legs: { customer: leg, agent: { ...leg, emotion: "neutral", talk: 10, lost: 0.05, overflow: 1.2, backlog: 4 } },
};

test("a row says who, where and how the customer is", () => {
  expect(rowOf(call({ name: "Bea", agent: "Li", queue: "billing" }), board, MS)).toMatchObject({
    who: "Bea", agent: "Li", queue: "billing", seconds: 61, state: { emotion: "angry", inferred: true }, other: { leg: "agent", emotion: "neutral" },
  });
});

test("a call that nobody named goes by its id", () => {
  expect(rowOf(call(), board, MS).who).toBe("queue-7");
});

test("before the first board, time is that of the clock and the state is not clear", () => {
  expect(rowOf(call(), undefined, MS)).toMatchObject({ seconds: 60, state: { emotion: "unknown" }, lost: null, talk: [] });
});

test("sound is as good as that of the worse leg, and lateness counts where no hop explains it", () => {
  expect(rowOf(call(), board, MS)).toMatchObject({ lost: 0.05, overflow: 1.2, behind: 4 });
});

test("shares of the talk are those of what was spoken", () => {
  expect(rowOf(call(), board, MS).talk).toEqual([{ leg: "customer", share: 0.75 }, { leg: "agent", share: 0.25 }]);
});

test("a leg that may not be analysed says so, and a mixed call has one state", () => {
  expect(rowOf(call({}, ["customer", "agent"], ["agent"]), board, MS).state.inferred).toBe(false);
  expect(rowOf(call({}, ["mixed"]), undefined, MS)).toMatchObject({ state: { leg: "mixed" }, other: null });
});

test("every word that is searched for must be found, whatever its case, in id, metadata or alert", () => {
  const row = rowOf(call({ name: "Bea", queue: "billing", note: { vip: true } }), board, MS);
  expect(["bea BILL", "queue-7", "vip", "bea sales"].map((text) => matches(row, text))).toEqual([true, true, true, false]);
});
