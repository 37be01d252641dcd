// The address of the page, as a value that components read. What the server knows of it: monitor/server/pages.py.

export type PageName = "wallboard" | "calls" | "call" | "alerts" | "rules" | "insights" | "system" | "unknown";

export interface Address {
  page: PageName;
  /** The call of `/calls/ID`, else "". */
  call: string;
  query: URLSearchParams;
}

const PAGES: Record<string, PageName> = {
  "": "wallboard",
  calls: "calls",
  alerts: "alerts",
  rules: "rules",
  insights: "insights",
  system: "system",
};

export function addressOf(url: URL): Address {
  const [first = "", second = "", ...more] = url.pathname.split("/").filter(Boolean);
  const page: PageName = more.length
    ? "unknown"
    : first === "calls" && second
      ? "call"
      : second
        ? "unknown"
        : (PAGES[first] ?? "unknown");
  return { page, call: page === "call" ? decodeURIComponent(second) : "", query: url.searchParams };
}

class Router {
  address: Address = $state.raw(addressOf(new URL(location.href)));

  constructor() {
    window.addEventListener("popstate", () => this.#read());
    document.addEventListener("click", (event) => this.#follow(event));
  }

  /** Go to another address, as a link does. */
  go(path: string): void {
    history.pushState(null, "", path);
    this.#read();
  }

  /** Say in the address how this page is shown now; empty values leave it. "Back" does not stop at each of them. */
  keep(query: Record<string, string | readonly string[] | null | undefined>): void {
    const url = new URL(location.href);
    for (const [key, value] of Object.entries(query)) {
      url.searchParams.delete(key);
      for (const one of [value ?? []].flat()) if (one) url.searchParams.append(key, one);
    }
    if (url.href === location.href) return;
    history.replaceState(null, "", url);
    this.#read();
  }

  #read(): void {
    this.address = addressOf(new URL(location.href));
  }

  /** Links of this page need no new document. */
  #follow(event: MouseEvent): void {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!plain || event.defaultPrevented || !link || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || addressOf(url).page === "unknown" || (url.hash && url.pathname === location.pathname)) return;
    event.preventDefault();
    this.go(url.href);
  }
}

export const router = new Router();
