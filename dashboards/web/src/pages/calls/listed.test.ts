import { expect, test } from "vitest";
import { asked, mainShares, turned } from "./listed";

test("the address is asked of the service in its units: shares of 1, seconds, an offset", () => {
  const query = asked(new URLSearchParams("emotion=angry&share=20&min=5&max=10&page=3&where=queue:billing&where=team:north&sort=-share"));
  expect(query).toMatchObject({ emotion: "angry", share_min: 0.2, min_seconds: 300, max_seconds: 600, offset: 100, sort: "-share", where: ["queue:billing", "team:north"] });
});

test("a share without an emotion, or an order by it, is not asked for: the service would refuse it", () => {
  expect(asked(new URLSearchParams("share=20&sort=-share"))).toMatchObject({ share_min: null, sort: null });
});

test("days of the viewer are asked for as moments, the last one whole", () => {
  const { from, to } = asked(new URLSearchParams("from=2026-03-01&to=2026-03-01"));
  expect(Date.parse(String(to)) - Date.parse(String(from))).toBe(86_400_000);
  expect(new Date(String(from)).getHours()).toBe(0);
});

test("a column is sorted from the greatest on, and the other way when it is pressed again", () => {
  expect([turned("-started_at", "seconds"), turned("-seconds", "seconds"), turned("seconds", "seconds")]).toEqual(["-seconds", "seconds", "-seconds"]);
});

test("of the legs one looks at the customer, unless another is asked for", () => {
  const shares = { agent: { happy: 1 }, customer: { angry: 1 } };
  expect(mainShares(shares, null)).toEqual({ angry: 1 });
  expect(mainShares(shares, "agent")).toEqual({ happy: 1 });
  expect(mainShares({}, null)).toBeUndefined();
});
