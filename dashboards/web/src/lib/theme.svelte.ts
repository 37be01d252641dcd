// Light or dark: as the system says, until somebody says otherwise on this machine.

export type Theme = "system" | "light" | "dark";

const KEY = "theme";
const ORDER: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

function kept(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

class ThemeChoice {
  now: Theme = $state(kept());

  constructor() {
    this.#apply();
  }

  next(): void {
    this.now = ORDER[this.now];
    localStorage.setItem(KEY, this.now);
    this.#apply();
  }

  #apply(): void {
    if (this.now === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.now;
  }
}

export const theme = new ThemeChoice();
