// How the painters see the page: its palette, its words, and the colours of its theme, read once a drawing.
import { named } from "../language.svelte";
import { paint } from "../palette";
import type { Look } from "./paint";

const NAMES = { ink: "--ink", soft: "--soft", line: "--line", canvas: "--sunk", card: "--card", bad: "--critical", wait: "--warning", info: "--info", accent: "--accent" } as const;

/** The look of this moment; to be asked for at each drawing, since theme and language may have changed. */
export function look(): Look {
  const style = getComputedStyle(document.documentElement);
  const known = new Map<string, string>();
  return {
    colour: (label) => paint(label).colour,
    over: (label) => paint(label).ink,
    word: (label) => named("emotion", label),
    letter: (label) => named("letter", label),
    theme: (name) => {
      const value = known.get(name) ?? style.getPropertyValue(NAMES[name]).trim();
      known.set(name, value);
      return value;
    },
  };
}
