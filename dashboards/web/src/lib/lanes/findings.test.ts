// @vitest-environment node
import { expect, it } from "vitest";
import { Findings, type CallEvent } from "./findings";

const change = (status: string, time: number, at: number): CallEvent => ({ type: "change_point", id: "cp1", leg: "customer", status, time, at, before: "neutral", after: "angry", strength: 1.5 });
const alert = (status: string, at: number, message = "said first"): CallEvent => ({ type: "alert", id: "a1", leg: "customer", rule: "angry", severity: "critical", status, message, evidence: { p: 0.6 }, time: 10, at });
const taken = (...events: CallEvent[]) => {
  const findings = new Findings();
  events.forEach((event) => findings.take(event));
  return findings;
};

it("a change point is provisional until it is confirmed", () => {
  expect(taken(change("provisional", 10.2, 12)).sortedChanges()[0]).toMatchObject({ status: "provisional", knownAt: 12, settledAt: null });
  expect(taken(change("provisional", 10.2, 12), change("confirmed", 10, 13.5)).sortedChanges()).toEqual([
    { id: "cp1", leg: "customer", time: 10, status: "confirmed", before: "neutral", after: "angry", strength: 1.5, knownAt: 12, settledAt: 13.5 },
  ]);
});

it("a change point that was withdrawn stays, as withdrawn", () => {
  expect(taken(change("provisional", 10, 12), change("retracted", 10, 14)).sortedChanges()[0]).toMatchObject({ status: "retracted", settledAt: 14 });
});

it("an alert keeps the words with which it was raised", () => {
  const [one] = taken(alert("raised", 12), alert("updated", 13, "grew"), alert("cleared", 18, "over")).sortedAlerts();
  expect(one).toMatchObject({ message: "said first", raisedAt: 12, clearedAt: 18, updates: 1, evidence: { p: 0.6 } });
});

it("an alert has who took note, whose it is, until when it sleeps and the last judgement of each person", () => {
  const about = { id: "a1", leg: "customer" };
  const [one] = taken(
    alert("raised", 12),
    { ...about, type: "alert_acknowledged", by: "R", note: "on it" },
    { ...about, type: "alert_assigned", by: "R", to: "S" },
    { ...about, type: "alert_snoozed", by: "S", until: "2026-01-01T00:00:00Z", reason: "lunch" },
    { ...about, type: "alert_judged", by: "R", right: true, reason: "" },
    { ...about, type: "alert_judged", by: "R", right: false, reason: "a laugh" },
  ).sortedAlerts();
  expect(one).toMatchObject({
    acknowledged: [{ by: "R", note: "on it" }],
    assigned: { by: "R", to: "S" },
    snoozed: { by: "S", until: "2026-01-01T00:00:00Z", reason: "lunch" },
    judged: [{ by: "R", right: false, reason: "a laugh" }],
  });
});

it("what is about an alert of another call changes nothing", () => {
  expect(taken().take({ type: "alert_judged", id: "b", by: "R", right: true })).toBe(false);
});
