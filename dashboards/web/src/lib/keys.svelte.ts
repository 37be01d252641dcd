// The keys of the page: who wants one registers it while it is shown, and `?` lists all that there are now.
import { untrack } from "svelte";
import type { Values } from "./language.svelte";
import type { Word } from "./words";

export interface Shortcut {
  /** As `KeyboardEvent.key` says it: "j", "Enter", "ArrowDown", "?"; or two, one after the other: "g w". */
  key: string;
  /** What it does, for the help. */
  does: Word;
  /** What is filled in there. */
  values?: Values;
  run(event: KeyboardEvent): void;
}

const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable]";
const PRESSING = "a, button, summary, [role=button]";

/** Milliseconds within which the second of two keys must follow. */
const FOLLOWS = 1500;

class Keys {
  /** Newest last; of two with the same key the newer is heard. */
  registered: readonly Shortcut[] = $state.raw([]);

  /** The first of two keys, and until when it counts. */
  #first = { key: "", until: 0 };

  constructor() {
    window.addEventListener("keydown", (event) => this.#hear(event));
  }

  /** Register while a component is there: `$effect(() => keys.add([...]))`. Returns what takes them back. */
  add(shortcuts: readonly Shortcut[]): () => void {
    this.registered = [...untrack(() => this.registered), ...shortcuts]; // whoever adds does not wait for who else does
    return () => {
      this.registered = this.registered.filter((one) => !shortcuts.includes(one));
    };
  }

  #hear(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    const field = target?.closest<HTMLElement>(TYPING);
    if (field) {
      if (event.key === "Escape") field.blur(); // and the keys are heard again
      return;
    }
    if ((event.key === "Enter" || event.key === " ") && target?.closest(PRESSING)) return;
    if (document.querySelector("dialog[open]")) return;
    const pair = event.timeStamp < this.#first.until ? `${this.#first.key} ${event.key}` : "";
    this.#first = { key: event.key, until: event.timeStamp + FOLLOWS };
    const found = this.registered.findLast((one) => one.key === pair) ?? this.registered.findLast((one) => one.key === event.key);
    if (!found) return;
    this.#first.until = 0;
    event.preventDefault();
    found.run(event);
  }
}

export const keys = new Keys();
