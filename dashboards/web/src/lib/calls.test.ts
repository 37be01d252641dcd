import { expect, test } from "vitest";
import { LiveCall, LiveCalls, seen } from "./calls.svelte";
import type { ServerMessage } from "./connection.svelte";

const MS = Date.parse("2026-03-01T14:15:00Z");
const about = { seq: 1, recorded_at: "", call: "queue-7", leg: "customer" as const, time: 61.4, at: 63.4 };
const started = {
  ...about, type: "call_started" as const, leg: null, started_at: "2026-03-01T14:14:00Z", legs: ["customer" as const], inferred: ["customer" as const],
  source: "rtp", engine: "compact", labels: ["angry"], metadata: { queue: "billing" },
};

function alert(id: string, severity: "critical" | "warning" | "info", status: "raised" | "updated" | "cleared" = "raised", at = 63.4): ServerMessage {
  return { ...about, type: "alert", id, rule: "customer-angry", severity, status, message: "angry", evidence: {}, delay: 0, at };
}

function call(...said: ServerMessage[]): LiveCall {
  const one = new LiveCall(started);
  for (const message of said) one.take(message);
  return one;
}

test("an alert stands from its raising to its end", () => {
  expect(call(alert("a", "critical")).standing(MS).map((one) => one.id)).toEqual(["a"]);
  expect(call(alert("a", "critical"), alert("a", "critical", "cleared")).standing(MS)).toEqual([]);
});

test("an update keeps the moment at which it was first said, and who took note", () => {
  const said = call(alert("a", "warning"), { ...about, type: "alert_acknowledged", id: "a", by: "Mendes", note: "" }, alert("a", "critical", "updated", 80));
  expect(said.standing(MS)).toMatchObject([{ severity: "critical", at: 63.4, acknowledged: [{ by: "Mendes" }] }]);
});

test("the most severe alert stands first, one that nobody has in hand before one that somebody has", () => {
  const taken: ServerMessage = { ...about, type: "alert_acknowledged", id: "b", by: "Mendes", note: "" };
  const said = call(alert("a", "warning"), alert("b", "critical"), alert("c", "critical"), taken);
  expect(said.standing(MS).map((one) => one.id)).toEqual(["c", "b", "a"]);
});

test("who is given an alert, and who snoozes it, has it in hand; a snooze ends", () => {
  const given = call(alert("a", "critical"), { ...about, type: "alert_assigned", id: "a", by: "Mendes", to: "Chen" }).standing(MS)[0]!;
  const snoozed = call(alert("a", "critical"), { ...about, type: "alert_snoozed", id: "a", by: "M", until: "2026-03-01T14:20:00Z", reason: "" }).standing(MS)[0]!;
  expect([seen(given, MS), seen(snoozed, MS), seen(snoozed, MS + 600_000)]).toEqual([true, true, false]);
});

test("frames that were not heard are told for a while, and add up meanwhile", () => {
  const skipped = (at: number): ServerMessage => ({ ...about, type: "frames_skipped", frames: 50, cause: "overload", at });
  expect(call(skipped(60), skipped(70)).skipped).toMatchObject({ seconds: 2, until: 85 });
  expect(call(skipped(60), skipped(90)).skipped).toMatchObject({ seconds: 1, until: 105 });
});

test("a leg that is not understood is known until it is", () => {
  const hearing = (heard: boolean): ServerMessage => ({ ...about, type: "hearing", heard, detail: "encrypted" });
  expect([...call(hearing(false)).unheard]).toEqual([["customer", "encrypted"]]);
  expect(call(hearing(false), hearing(true)).unheard.size).toBe(0);
});

test("a call that is over has no alerts, and is kept until it is dropped", () => {
  const calls = new LiveCalls();
  const ended: ServerMessage = { ...about, type: "call_ended", leg: null, reason: "finished", legs: {} };
  for (const message of [started, alert("a", "critical"), ended]) calls.take(message as ServerMessage);
  expect([calls.going().length, calls.alerts().length, calls.all.get("queue-7")?.ended?.reason]).toEqual([0, 0, "finished"]);
  calls.drop("queue-7");
  expect(calls.all.size).toBe(0);
});

test("a call that begins again under its id begins anew, one that is told twice does not", () => {
  const calls = new LiveCalls();
  for (const message of [started, alert("a", "critical"), started]) calls.take(message as ServerMessage);
  expect(calls.alerts().length).toBe(1);
  calls.take({ ...started, started_at: "2026-03-01T15:00:00Z" } as ServerMessage);
  expect(calls.alerts().length).toBe(0);
});
