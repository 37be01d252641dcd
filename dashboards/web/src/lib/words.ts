// The words of the page, in the languages that it speaks: one catalogue each, with the same keys.
import { en } from "./words/en";

export type Word = keyof typeof en;
/** A sentence with `{places}`; or two of them, where one thing is said otherwise than several (`n` decides). */
export type Saying = string | { one: string; other: string };
export type Catalogue = Record<Word, Saying>;
