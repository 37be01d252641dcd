import { expect, test } from "vitest";
import { conditions, verdict } from "./past";

test("the file is asked for by the same conditions as the list", () => {
  expect(conditions(new URLSearchParams("view=history&rule=r&judged=wrong&where=queue:a&page=2"))).toMatchObject({ rule: "r", judged: "wrong", where: ["queue:a"], from: null });
});

test("most who judged decide; as many on both sides decide nothing", () => {
  const said = (...rights: boolean[]) => rights.map((right, place) => ({ by: String(place), right, reason: "" }));
  expect([verdict([]), verdict(said(true)), verdict(said(true, false)), verdict(said(false, false, true))]).toEqual([null, true, null, false]);
});
