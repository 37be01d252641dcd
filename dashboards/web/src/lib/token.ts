// The token of this tab. It is in no cookie, so no other site can make use of it, and it ends with the tab.

const KEY = "token";
const SUBPROTOCOL = "emotion-monitor.v1";

export const token = {
  get: (): string => sessionStorage.getItem(KEY) ?? "",
  set: (value: string): void => sessionStorage.setItem(KEY, value),
  forget: (): void => sessionStorage.removeItem(KEY),
};

export function authorization(): Record<string, string> {
  const value = token.get();
  return value ? { Authorization: `Bearer ${value}` } : {};
}

/** A token as a subprotocol: browsers cannot set headers on a websocket, and query strings end up in logs. */
export function subprotocols(): string[] {
  const value = token.get();
  if (!value) return [SUBPROTOCOL];
  const bytes = String.fromCharCode(...new TextEncoder().encode(value));
  const text = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return [SUBPROTOCOL, `emotion-monitor.bearer.${text}`];
}
