import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, test, vi } from "vitest";
import CallRow from "./CallRow.svelte";
import type { Row } from "./row";

const row: Row = {
  id: "queue-7", who: "Bea", agent: "Li", queue: "billing", metadata: {}, seconds: 83, alert: null, alertSeen: false, alertAge: 0, more: 0,
  state: { leg: "customer", emotion: "angry", confidence: 0.86, inferred: true }, other: { leg: "agent", emotion: "neutral", confidence: 1, inferred: true },
  talk: [{ leg: "customer", share: 0.75 }, { leg: "agent", share: 0.25 }], silence: 0, overtalk: 0, lost: 0.001, overflow: 0, behind: 0, unheard: "", skipped: 0, ended: "",
};
const alert = {
  id: "a", call: "queue-7", leg: "customer", rule: "customer-angry", severity: "critical" as const, message: "customer sounds angry", time: 60, at: 63,
  acknowledged: [{ by: "R. Mendes", note: "" }], assigned: "", snoozed: 0,
};
let shown: object | undefined;

function show(more: Partial<Row> = {}): (part: string) => string {
  document.body.innerHTML = "";
  shown = mount(CallRow, { target: document.body, props: { row: { ...row, ...more }, trend: undefined, version: 0, active: true, onactive: vi.fn() } });
  flushSync();
  return (part) => (document.querySelector(part)?.textContent ?? "").replace(/\s+/g, " ").trim();
}

afterEach(() => shown && unmount(shown));

test("a row says who, with whom, how long and how the customer is, with a letter beside the word", () => {
  const text = show();
  expect([text(".who a"), text(".who p"), text(".time"), text(".state .percent")]).toEqual(["Bea", "with Libilling", "1:23", "86 %"]);
  expect([text(".state .letter"), text(".state .word")]).toEqual(["A", "angry"]);
  expect(document.querySelector(".who a")?.getAttribute("href")).toBe("/calls/queue-7");
});

test("an alert says its severity, its rule, its age, and who has it in hand", () => {
  expect(show({ alert, alertAge: 20, more: 2 })(".alert")).toBe("▲ critical customer-angry +2 20 s ago · customer sounds angry");
  expect(show({ alert, alertSeen: true, alertAge: 20 })(".alert")).toBe("▲ critical customer-angry 20 s ago · R. Mendes took note");
  expect(show({ alert: { ...alert, assigned: "Chen" }, alertSeen: true })(".alert")).toContain("with Chen");
});

test("a leg that may not be analysed says so and draws no trend", () => {
  expect(show({ state: { ...row.state, inferred: false } })(".state")).toContain("not analysed");
  expect(document.querySelector("canvas")).toBeNull();
});

test.each([
  [{}, "good"],
  [{ lost: null }, "–"],
  [{ lost: 0.052 }, "5.2 % lost"],
  [{ behind: 4 }, "4 s behind"],
  [{ overflow: 1.24, lost: 0.5 }, "⚠ 1.2 s lost here"],
  [{ overflow: 0.02 }, "⚠ 0.1 s lost here"],
  [{ skipped: 2, lost: 0.5 }, "2 s not heard"],
  [{ unheard: "encrypted" }, "not heard"],
] as [Partial<Row>, string][])("sound is told in words: %o is %s", (more, words) => {
  expect(show(more)(".audio")).toBe(words);
});

test("long silence stands in place of the shares", () => {
  expect([show()(".talk p"), show({ silence: 12 })(".talk p")]).toEqual(["75 % : 25 %", "silent 12 s"]);
});

test("a call that is over says why", () => {
  expect(show({ ended: "inactive" })(".who p")).toBe("ended: no audio came any more");
});
