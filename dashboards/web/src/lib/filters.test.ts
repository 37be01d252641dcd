import { expect, test } from "vitest";
import { facetsOf, meets, whereOf, written } from "./filters";

test("conditions are read from an address and written as they were", () => {
  const query = new URLSearchParams("where=queue:billing&where=note:a:b&where=broken&q=x");
  expect(whereOf(query)).toEqual({ queue: "billing", note: "a:b" });
  expect(written(whereOf(query))).toEqual(["queue:billing", "note:a:b"]);
});

test("a call meets conditions that all hold", () => {
  const call = { queue: "billing", team: "north" };
  expect([meets(call, {}), meets(call, { queue: "billing" }), meets(call, { queue: "billing", team: "south" })]).toEqual([true, true, false]);
});

test("a choice is what divides the calls: not what all share, not what names each", () => {
  const calls = Array.from({ length: 40 }, (_, index) => ({ site: "Bonn", queue: index % 2 ? "billing" : "sales", caller: `+49${index}` }));
  expect(facetsOf(calls)).toEqual({ queue: { billing: 20, sales: 20 } });
  expect(facetsOf(calls, ["queue"])).toEqual({});
});
