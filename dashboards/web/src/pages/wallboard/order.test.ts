import { expect, test } from "vitest";
import type { StandingAlert } from "../../lib/calls.svelte";
import { HOLD, Order, urgency } from "./order";
import type { Row } from "./row";

function row(id: string, severity: "critical" | "warning" | "info" | null = null, more: Partial<Row> = {}): Row {
  const alert: StandingAlert | null = severity && { id, call: id, leg: null, rule: "r", severity, message: "", time: 0, at: 0, acknowledged: [], assigned: "", snoozed: 0 };
  const state = { leg: "customer", emotion: "neutral", confidence: 0.9, inferred: true };
  return {
    id, who: id, agent: "", queue: "", metadata: {}, seconds: 60, state, other: null, alert, alertSeen: false, alertAge: 0, more: 0,
    talk: [], silence: 0, overtalk: 0, lost: 0, overflow: 0, behind: 0, unheard: "", skipped: 0, ended: "", ...more,
  };
}

const angry = { state: { leg: "customer", emotion: "angry", confidence: 0.9, inferred: true } };

test("an alert that nobody has in hand is more urgent than one that somebody has, anger more than calm", () => {
  const rows = [row("a", "critical"), row("b", "warning"), row("c", "critical", { alertSeen: true }), row("d", null, angry), row("e", "info"), row("f")];
  expect(rows.map(urgency)).toEqual([6, 5, 4, 3, 2, 0]);
});

test("the most urgent call stands first; of equally urgent ones, who came first", () => {
  expect(new Order().arrange([row("a"), row("b", "critical"), row("c", "warning"), row("d", "critical")], 0, false)).toEqual(["b", "d", "c", "a"]);
});

test("a call rises at once", () => {
  const order = new Order();
  order.arrange([row("a"), row("b")], 0, false);
  expect(order.arrange([row("a"), row("b", "critical")], 1, false)).toEqual(["b", "a"]);
});

test("a call falls only after it has been less urgent for a while", () => {
  const order = new Order();
  order.arrange([row("a"), row("b", "critical")], 0, false);
  const calm = [row("a"), row("b")];
  expect(order.arrange(calm, 1000, false)).toEqual(["b", "a"]);
  expect(order.arrange(calm, 1000 + HOLD * 1000, false)).toEqual(["a", "b"]);
});

test("a call whose alert is raised again meanwhile does not move", () => {
  const order = new Order();
  const loud = [row("a", "critical"), row("b", "critical")];
  order.arrange(loud, 0, false);
  order.arrange([row("a"), row("b", "critical")], 1000, false);
  order.arrange(loud, 2000, false);
  expect(order.arrange(loud, 60_000, false)).toEqual(["a", "b"]);
});

test("while somebody is at the list nothing moves, and it is known how much would", () => {
  const order = new Order();
  order.arrange([row("a"), row("b")], 0, false);
  expect(order.arrange([row("a"), row("b", "critical"), row("c", "critical")], 1, true)).toEqual(["a", "b", "c"]);
  expect(order.waiting).toBe(3);
  expect(order.arrange([row("a"), row("b", "critical"), row("c", "critical")], 2, false)).toEqual(["b", "c", "a"]);
  expect(order.waiting).toBe(0);
});
