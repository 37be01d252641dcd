import { expect, test } from "vitest";
import { callsOf, daysOf, groupName } from "./span";

const asked = (query: string) => daysOf(new URLSearchParams(query), "2026-03-05"); // a Thursday

test("without a word these are the last seven days", () => {
  expect(asked("")).toEqual({ from: "2026-02-27", to: "2026-03-05", span: "week" });
});

test("last week is from Monday to Sunday, on a Monday and on a Sunday, too", () => {
  expect(asked("span=lastweek")).toEqual({ from: "2026-02-23", to: "2026-03-01", span: "lastweek" });
  expect(daysOf(new URLSearchParams("span=lastweek"), "2026-03-02")).toMatchObject({ from: "2026-02-23", to: "2026-03-01" });
  expect(daysOf(new URLSearchParams("span=lastweek"), "2026-03-08")).toMatchObject({ from: "2026-02-23", to: "2026-03-01" });
});

test("days that were chosen are neither", () => {
  expect(asked("from=2026-01-01&span=month")).toEqual({ from: "2026-01-01", to: "", span: null });
});

test("a weekday has its name: the first is Monday", () => {
  expect([groupName("weekday", "1", "en"), groupName("weekday", "7", "en"), groupName("hour", "09", "en")]).toEqual(["Monday", "Sunday", "09:00"]);
});

test("a group leads to its calls, under the same conditions", () => {
  const days = asked("span=lastweek");
  expect(callsOf("queue", "billing", days, ["team:north"])).toBe("/calls?where=team%3Anorth&where=queue%3Abilling&from=2026-02-23&to=2026-03-01");
  expect(callsOf("day", "2026-02-24", days, [])).toBe("/calls?from=2026-02-24&to=2026-02-24");
  expect(callsOf("hour", "09", days, [])).toBeNull();
});
