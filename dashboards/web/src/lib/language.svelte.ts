// The language of the page: as the browser says, until somebody chooses.
import { type Catalogue, type Saying, type Word } from "./words";
import { en } from "./words/en";
import { zh } from "./words/zh";

export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;
export type Values = Record<string, string | number>;

const CATALOGUES: Record<Language, Catalogue> = { en, zh };
const KEY = "language";

function chosen(): Language {
  const kept = localStorage.getItem(KEY) ?? navigator.language;
  return kept.toLowerCase().startsWith("zh") ? "zh" : "en";
}

class LanguageChoice {
  now: Language = $state(chosen());

  constructor() {
    document.documentElement.lang = this.now;
  }

  set(language: Language): void {
    this.now = language;
    localStorage.setItem(KEY, language);
    document.documentElement.lang = language;
  }
}

export const language = new LanguageChoice();

/** A word or sentence of the catalogue: `t("alerts.open", { n: 3 })`. */
export function t(word: Word, values: Values = {}): string {
  return fill(CATALOGUES[language.now][word], values, language.now);
}

/** The word for what the server calls so (an emotion, a severity, a leg), or the server's own where there is none. */
export function named(family: "emotion" | "severity" | "leg" | "reason" | "letter" | "metadata", name: string): string {
  const word = `${family}.${name}`;
  if (word in en) return t(word as Word);
  return family === "letter" ? name.slice(0, 1).toUpperCase() : name;
}

export function fill(saying: Saying, values: Values, locale: string): string {
  let text: string;
  if (typeof saying === "string") {
    text = saying;
  } else {
    const rule = new Intl.PluralRules(locale).select(Number(values["n"]));
    text = rule === "one" ? saying.one : saying.other;
  }
  return text.replace(/\{(\w+)\}/g, (whole, place: string) => String(values[place] ?? whole));
}
