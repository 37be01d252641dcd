// The one connection that the whole page shares: what goes on, without frames. A page that wants frames of a call opens its own.
import { LiveCalls } from "./calls.svelte";
import { Connection, type Hello, type Listener, type ServerMessage } from "./connection.svelte";

/** What goes on, from the first message on: whoever begins to listen later has missed what was told of the present. */
export const calls = new LiveCalls();

const listeners = new Set<Listener>([calls]);
const all: Listener = {
  take: (message: ServerMessage) => listeners.forEach((one) => one.take(message)),
  greeted: (hello: Hello) => listeners.forEach((one) => one.greeted?.(hello)),
  forget: () => listeners.forEach((one) => one.forget?.()),
};

export const connection = new Connection({}, all);

/** Hear what comes: `$effect(() => listen({ take }))`. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
