// To whom alerts were given on this machine, the last one first: names that are offered when one is given next.

const KEY = "colleagues";
const MOST = 8;

class Colleagues {
  names: readonly string[] = $state.raw(kept());

  remember(name: string): void {
    if (!name) return;
    this.names = [name, ...this.names.filter((one) => one !== name)].slice(0, MOST);
    localStorage.setItem(KEY, JSON.stringify(this.names));
  }
}

function kept(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((name) => typeof name === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export const colleagues = new Colleagues();
