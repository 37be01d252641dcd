import { afterEach, expect, test, vi } from "vitest";
import { LiveCalls } from "./calls.svelte";
import type { Hello, ServerMessage } from "./connection.svelte";
import { Notice } from "./notice.svelte";

afterEach(() => vi.useRealTimers());

const started = { type: "call_started", call: "c", leg: null, started_at: "2026-03-01T10:00:00Z", legs: ["customer"], inferred: ["customer"], labels: [], metadata: {} } as unknown as ServerMessage;
const alert = (changes: object = {}) => ({ type: "alert", call: "c", leg: "customer", id: "c:r:1", rule: "r", severity: "critical", status: "raised", message: "angry", time: 1, at: 2, ...changes }) as unknown as ServerMessage;
const snoozed = (seconds: number) => ({ type: "alert_snoozed", call: "c", id: "c:r:1", by: "Ann", until: new Date(Date.now() + seconds * 1000).toISOString(), reason: "" }) as unknown as ServerMessage;
const acknowledged = { type: "alert_acknowledged", call: "c", id: "c:r:1", by: "Ann", note: "" } as unknown as ServerMessage;

/** What is told of these messages, and a way to say more. */
function told(): { told: string[]; say: (...messages: ServerMessage[]) => void; notice: Notice } {
  const calls = new LiveCalls();
  const told: string[] = [];
  const notice = new Notice(calls, ({ id }) => void told.push(id));
  const say = (...messages: ServerMessage[]) => messages.forEach((message) => (calls.take(message), notice.take(message)));
  return { told, say, notice };
}

test("an alert is told once: not again when it grows or ends", () => {
  const { told: ids, say } = told();
  say(started, alert(), alert({ status: "updated" }), alert({ status: "cleared" }));
  expect(ids).toEqual(["c:r:1"]);
});

test("what stood before one came, and what a replay raises, is no news", () => {
  const { told: ids, say, notice } = told();
  const before = alert();
  notice.greeted({ present: [before] } as unknown as Hello);
  say(started, before, alert({ id: "c:r:2", replay: "x" }));
  expect(ids).toEqual([]);
});

test("an alert that rests is told again at its time, where it still stands", () => {
  vi.useFakeTimers();
  const { told: ids, say } = told();
  say(started, alert(), snoozed(60));
  vi.advanceTimersByTime(59_000);
  expect(ids).toHaveLength(1);
  vi.advanceTimersByTime(2_000);
  expect(ids).toHaveLength(2);
});

test("it stays quiet where somebody took note, it is over, or it was given more time", () => {
  vi.useFakeTimers();
  for (const meanwhile of [acknowledged, alert({ status: "cleared" }), snoozed(7200)]) {
    const { told: ids, say } = told();
    say(started, alert(), snoozed(60), meanwhile);
    vi.advanceTimersByTime(120_000);
    expect(ids).toHaveLength(1);
    vi.clearAllTimers();
  }
});
