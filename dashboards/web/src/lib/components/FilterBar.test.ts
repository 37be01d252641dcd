import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, test, vi } from "vitest";
import type { Where } from "../filters";
import FilterBar from "./FilterBar.svelte";

const facets = { queue: { billing: 3, sales: 2 }, team: { north: 4 } };
const onchange = vi.fn<(where: Where, q: string) => void>();
let shown: object | undefined;

function show(where: Where = {}, q = ""): void {
  document.body.innerHTML = "";
  shown = mount(FilterBar, { target: document.body, props: { facets, where, q, onchange } });
  flushSync();
}

function choose(index: number, value: string): void {
  const select = document.querySelectorAll("select")[index]!;
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

afterEach(() => {
  if (shown) void unmount(shown);
  onchange.mockClear();
});

test("there is a choice for each key, with how many calls each value has", () => {
  show();
  expect([...document.querySelectorAll("option")].map((one) => one.textContent)).toEqual(["all", "billing (3)", "sales (2)", "all", "north (4)"]);
});

test("what is chosen is added to the conditions, and taken back by: all", () => {
  show({ team: "north" }, "bea");
  choose(0, "sales");
  choose(1, "");
  expect(onchange.mock.calls).toEqual([[{ team: "north", queue: "sales" }, "bea"], [{}, "bea"]]);
});

test("a value that no call has any more stays, as long as it is chosen", () => {
  show({ queue: "claims" });
  expect(document.querySelector("select")?.value).toBe("claims");
});
