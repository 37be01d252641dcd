// @vitest-environment node
import { describe, expect, it } from "vitest";
import { CallModel, type LiveFrames } from "./call";

const model = () => new CallModel({ call: "c", labels: ["angry", "neutral"], legs: ["agent", "customer"], inferred: ["customer"], live: true, seconds: 0 });
const frames = (time: number, count: number, leg = "customer"): LiveFrames => ({ type: "frames", leg, time, rate: 10, speech: Array(count).fill(1) });
const state = (seq: number, time: number, emotion: string) => ({ type: "state", seq, leg: "customer", time, at: time, emotion, confidence: 0.8 });

describe("the seam between what is stored and what comes live", () => {
  it("has no double: an event that both bring stands once", () => {
    const call = model();
    call.take({ type: "alert", seq: 5, id: "a", leg: "customer", rule: "r", severity: "info", status: "updated", message: "m", time: 1, at: 2 });
    call.stored([
      { type: "alert", seq: 4, id: "a", leg: "customer", rule: "r", severity: "info", status: "raised", message: "m", time: 1, at: 1 },
      { type: "alert", seq: 5, id: "a", leg: "customer", rule: "r", severity: "info", status: "updated", message: "m", time: 1, at: 2 },
    ], []);
    expect(call.findings.sortedAlerts()[0]).toMatchObject({ updates: 1, raisedAt: 1 });
  });

  it("takes live events after those of the store, though they came before", () => {
    const call = model();
    call.take(state(9, 3, "angry"));
    call.stored([state(2, 1, "neutral")], []);
    const states = call.states.get("customer")!;
    expect([0.5, 1.5, 3].map((time) => states.at(time).emotion)).toEqual(["unknown", "neutral", "angry"]);
  });

  it("has no hole that nobody sees: what is missing between store and live is named, and filled", () => {
    const call = model();
    call.take(frames(3, 5));
    call.stored([], [["customer", { time: 0, rate: 10, speech: Array(20).fill(0.5) }]]);
    expect(call.hole()).toEqual({ leg: "customer", time: 2 });
    call.fill("customer", { time: 2, rate: 10, speech: Array(12).fill(0.5) });
    expect(call.hole()).toBeNull();
    expect(call.seconds).toBe(3.5);
  });

  it("begins at the beginning of the call, opened in the middle of it", () => {
    const call = model();
    call.take(frames(60, 10));
    call.stored([], [["customer", { time: 0, rate: 10, speech: Array(600).fill(0.25) }]]);
    expect([call.track("customer")!.speech[0], call.track("customer")!.speech[605]]).toEqual([0.25, 1]);
  });
});

describe("a call", () => {
  it("has the customer above the agent, of whom only speech is followed", () => {
    expect(model().tracks.map(({ leg, analysed }) => [leg, analysed])).toEqual([["customer", true], ["agent", false]]);
  });

  it("is over when that is said", () => {
    const call = model();
    call.stored([{ type: "call_ended", seq: 1, time: 12, at: 12, reason: "finished" }], []);
    expect([call.live, call.reason, call.seconds]).toEqual([false, "finished", 12]);
  });

  it("has its notes in the order of their moments", () => {
    const call = model();
    call.stored([
      { type: "note_written", seq: 1, id: "n1", time: 9, leg: null, by: "R", text: "later" },
      { type: "note_written", seq: 2, id: "n2", time: 3, leg: "agent", by: "R", text: "sooner" },
      { type: "note_written", seq: 3, id: "n3", time: 5, leg: null, by: "R", text: "erased" },
      { type: "note_erased", seq: 4, id: "n3", by: "R" },
    ], []);
    expect(call.notes.map(({ text }) => text)).toEqual(["sooner", "later"]);
  });

  it("knows of which leg the audio is not understood, until it is", () => {
    const call = model();
    call.stored([{ type: "hearing", seq: 1, leg: "agent", time: 1, at: 1, heard: false, detail: "encrypted" }], []);
    expect([...call.deaf]).toEqual([["agent", "encrypted"]]);
    call.take({ type: "hearing", seq: 2, leg: "agent", time: 2, at: 2, heard: true, detail: "" });
    expect(call.deaf.size).toBe(0);
  });

  it("knows how much sound of which leg was lost here, while it goes on and at its end", () => {
    const call = model();
    call.stored([], []);
    call.account({ customer: { overflow_seconds: 0.4 }, agent: { overflow_seconds: 0 } });
    expect([...call.dropped]).toEqual([["customer", 0.4]]);
    call.take({ type: "call_ended", seq: 1, time: 12, at: 12, reason: "finished", legs: { customer: { overflow_seconds: 1.2 }, agent: {} } });
    expect([...call.dropped]).toEqual([["customer", 1.2]]);
  });
});
