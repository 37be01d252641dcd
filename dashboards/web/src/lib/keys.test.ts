import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keys, type Shortcut } from "./keys.svelte";

const run = vi.fn<(what: string) => void>();
const shortcut = (key: string, what = key): Shortcut => ({ key, does: "keys.next", run: () => run(what) });
let forget: (() => void)[] = [];

function press(key: string, target: EventTarget = document.body, more: KeyboardEventInit = {}): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

function shown(markup: string): Element {
  document.body.innerHTML = markup;
  return document.body.firstElementChild!;
}

const pressed = () => run.mock.calls.map(([what]) => what);

beforeEach(() => {
  forget = [keys.add([shortcut("j"), shortcut("Enter"), shortcut("w"), shortcut("g w")])];
});
afterEach(() => {
  for (const one of forget) one();
  run.mockClear();
  document.body.innerHTML = "";
});

test("a key is heard as long as it is registered", () => {
  press("j");
  forget.pop()!();
  press("j");
  expect(pressed()).toEqual(["j"]);
});

test("of two with the same key the newer is heard", () => {
  forget.push(keys.add([shortcut("j", "newer")]));
  press("j");
  expect(pressed()).toEqual(["newer"]);
});

test("two keys, one after the other, are one; each of them alone is itself", () => {
  press("g");
  press("w");
  press("w");
  expect(pressed()).toEqual(["g w", "w"]);
});

test("nobody who types, or uses the browser's own keys, is disturbed", () => {
  press("j", shown("<input>"));
  press("j", shown("<textarea></textarea>"));
  press("j", document.body, { ctrlKey: true });
  expect(pressed()).toEqual([]);
});

test("Escape leaves a field, a choice, too, and the keys are heard again", () => {
  for (const markup of ["<input>", "<textarea></textarea>", "<select><option>x</option></select>"]) {
    const field = shown(markup) as HTMLElement;
    field.focus();
    expect(document.activeElement).toBe(field);
    press("Escape", field);
    press("j", document.activeElement!);
  }
  expect(pressed()).toEqual(["j", "j", "j"]);
});

test("Enter on a button or a link is theirs, another key there is not", () => {
  const button = shown("<button>x</button>");
  press("Enter", button);
  press("j", button);
  expect(pressed()).toEqual(["j"]);
});

test("while a dialog asks, the page behind it hears nothing", () => {
  press("j", shown("<dialog open></dialog>"));
  expect(pressed()).toEqual([]);
});
