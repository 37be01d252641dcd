import { expect, test } from "vitest";
import type { CallEvent } from "../../lib/lanes/findings";
import { Feed, type ListedAlert } from "./feed";

const raised = (id: string, severity = "warning", more: object = {}): CallEvent => ({ type: "alert", status: "raised", id, call: `call-of-${id}`, leg: "customer", rule: "r", severity, message: "m", time: 1, at: 2, ...more });
const listed = (id: string, more: object = {}): ListedAlert => ({ ...raised(id), id, acknowledged: [], assigned: null, snoozed: null, judged: [], ...more });
const feed = (...events: CallEvent[]) => {
  const feed = new Feed();
  feed.list([]);
  events.forEach((event) => feed.take(event));
  return feed;
};
const ids = (alerts: readonly { id: string }[]) => alerts.map(({ id }) => id);
const until = (seconds: number) => new Date(seconds * 1000).toISOString();

test("the gravest that nobody has in hand stands first, the newest of equals; what rests stands last", () => {
  const found = feed(
    raised("a", "info"), raised("b", "critical"), raised("c", "critical"), raised("d"), raised("e", "critical"), raised("f", "critical"),
    { type: "alert_acknowledged", id: "e", by: "Ann" }, { type: "alert_snoozed", id: "f", by: "Ann", until: until(100), reason: "" },
  );
  expect(ids(found.open(50_000))).toEqual(["c", "b", "d", "a", "e", "f"]);
  expect(ids(found.open(150_000))).toEqual(["f", "c", "b", "d", "a", "e"]);
});

test("an alert that ended stays in sight, to be judged", () => {
  const found = feed(raised("a"), raised("b"), { ...raised("a"), status: "cleared", at: 9 }, { type: "alert_judged", id: "a", by: "Ann", right: true });
  expect(ids(found.open(0))).toEqual(["b"]);
  expect(found.over()).toMatchObject([{ id: "a", clearedAt: 9, judged: [{ by: "Ann", right: true }] }]);
});

test("the end of a call ends its alerts", () => {
  const found = feed(raised("a"), raised("b"), { type: "call_ended", call: "call-of-a", at: 30 });
  expect([ids(found.open(0)), ids(found.over())]).toEqual([["b"], ["a"]]);
});

test("what was told while the list was on its way is not lost, and what the list tells of people holds", () => {
  const found = new Feed();
  found.ask();
  found.take(raised("b"));
  found.take({ type: "alert_acknowledged", id: "a", by: "Ben", note: "" });
  found.list([listed("a", { assigned: { by: "Ann", to: "Kim" } })]);
  expect(ids(found.open(0))).toEqual(["b", "a"]);
  expect(found.open(0)[1]).toMatchObject({ assigned: { to: "Kim" }, acknowledged: [{ by: "Ben" }] });
});

test("an alert that the list no longer has does not stand any more", () => {
  const found = feed(raised("a"));
  found.ask();
  found.list([]);
  expect(found.open(0)).toEqual([]);
});
