import { expect, test } from "vitest";
import { fill, named } from "./language.svelte";
import { en } from "./words/en";
import { zh } from "./words/zh";

const sayings = (catalogue: object) => Object.entries(catalogue) as [string, string | { one: string; other: string }][];
const places = (saying: string | { one: string; other: string }) =>
  new Set((typeof saying === "string" ? saying : saying.other).match(/\{\w+\}/g) ?? []);

test("both catalogues have the same keys, in the same order", () => {
  expect(Object.keys(zh)).toEqual(Object.keys(en));
});

test("no saying is empty in either language", () => {
  const empty = [...sayings(en), ...sayings(zh)].filter(([, saying]) => JSON.stringify(saying).includes('""'));
  expect(empty).toEqual([]);
});

test("what is filled in is the same in both languages", () => {
  const differing = sayings(en).filter(([key, saying]) => {
    const other = zh[key as keyof typeof zh];
    return [...places(saying)].sort().join() !== [...places(other)].sort().join();
  });
  expect(differing).toEqual([]);
});

test("one thing is said otherwise than several", () => {
  const saying = { one: "{n} call", other: "{n} calls" };
  expect([fill(saying, { n: 1 }, "en"), fill(saying, { n: 3 }, "en"), fill(saying, { n: 1 }, "zh")]).toEqual(["1 call", "3 calls", "1 calls"]);
});

test("an engine's own label is shown as it is, with its first letter", () => {
  expect([named("emotion", "angry"), named("emotion", "bored"), named("letter", "bored")]).toEqual(["angry", "bored", "B"]);
});
