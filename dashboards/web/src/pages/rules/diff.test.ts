import { expect, test } from "vitest";
import { diff, hunks } from "./diff";

const said = (before: string, after: string) => diff(before, after).map((line) => line.sign + line.text);

test("equal texts differ nowhere", () => {
  expect(hunks(diff("a\nb\n", "a\nb\n"))).toEqual([]);
});

test("what is changed is gone and there again", () => {
  expect(said("a\nb\nc\n", "a\nB\nc\n")).toEqual([" a", "-b", "+B", " c"]);
});

test("what is put in and what is taken away stand in their places", () => {
  expect(said("a\nb\nc\nd", "b\nc\nx\nd")).toEqual(["-a", " b", " c", "+x", " d"]);
});

test("what is far from any change is left out", () => {
  const long = Array.from({ length: 20 }, (_, n) => `line ${n}`);
  const shown = hunks(diff(long.join("\n"), [...long.slice(0, 10), "new", ...long.slice(10)].join("\n")), 1);
  expect(shown.map((line) => (line ? line.sign + line.text : "..."))).toEqual(["...", " line 9", "+new", " line 10", "..."]);
});
