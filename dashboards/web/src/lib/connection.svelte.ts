// A connection to /ws/v1/events: comes back by itself after the last event that it has seen, and knows how old what it heard is.
import type { ServerMessage } from "../generated/messages";
import { ApiError, request } from "./api";
import { subprotocols } from "./token";

export type { ServerMessage };
export type Hello = Extract<ServerMessage, { type: "hello" }>;

export interface Wanted {
  /** Only these calls. */
  calls?: readonly string[];
  /** Only these types of event; frames and the board come as they are asked for. */
  types?: readonly string[];
  /** Live frames too. */
  frames?: boolean;
  /** The board, once a second. */
  board?: boolean;
  /** Replays too. */
  replay?: boolean;
}

export interface Listener {
  /** Every message but those about the connection itself. */
  take(message: ServerMessage): void;
  /** The present was told: what is known of live calls that are not in it is over. Comes before `take` of what is in it. */
  greeted?(hello: Hello): void;
  /** The server has another journal now: nothing of what was heard holds. */
  forget?(): void;
}

export type State = "connecting" | "live" | "behind" | "silent" | "lost" | "refused";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
const PING_EVERY = 5_000;
/** After so long without a word the connection is not called live. */
export const SILENT_AFTER = 12_000;
/** And after so long it is given up for a new one. */
const DEAD_AFTER = 25_000;

export class Connection {
  state: State = $state("connecting");
  /** Why, in the server's words; "" where it said none. */
  reason: string = $state("");
  /** Wall clock (ms) of the last word of the server; 0 before the first. */
  heard: number = $state(0);
  version: string = $state("");

  #socket: WebSocket | null = null;
  #since: number | null = null;
  #behindUntil: number | null = null;
  #pause = FIRST_PAUSE;
  #greeted = false;
  #closed = false;
  #again: ReturnType<typeof setTimeout> | undefined;
  readonly #watch: ReturnType<typeof setInterval>;

  constructor(
    private readonly wanted: Wanted,
    private readonly listener: Listener,
  ) {
    this.#watch = setInterval(() => this.#check(), PING_EVERY);
    this.#connect();
  }

  get live(): boolean {
    return this.state === "live" || this.state === "behind";
  }

  send(message: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Connect now, with the token that there is now. */
  retry(): void {
    clearTimeout(this.#again);
    this.#pause = FIRST_PAUSE;
    this.#drop();
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    clearInterval(this.#watch);
    this.#drop();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connect(): void {
    const url = new URL("/ws/v1/events", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    for (const call of this.wanted.calls ?? []) url.searchParams.append("call", call);
    for (const type of this.wanted.types ?? []) url.searchParams.append("type", type);
    if (this.wanted.frames) url.searchParams.set("frames", "1");
    if (this.wanted.board) url.searchParams.set("board", "1");
    if (!this.wanted.replay) url.searchParams.set("replay", "0");
    if (this.#since !== null) url.searchParams.set("since", String(this.#since));
    this.#greeted = false;
    this.#behindUntil = null;
    const socket = new WebSocket(url, subprotocols());
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.#socket) this.#hear(JSON.parse(data as string) as ServerMessage);
    });
    socket.addEventListener("close", () => {
      if (socket === this.#socket) void this.#lost();
    });
  }

  #hear(message: ServerMessage): void {
    this.heard = Date.now();
    if (this.state === "silent") this.state = "live";
    switch (message.type) {
      case "hello":
        this.#greet(message);
        return;
      case "lagged":
        this.#behindUntil = message.to;
        this.state = "behind";
        return;
      case "pong":
        return;
      case "server_stopping":
        this.reason = "";
        this.state = "lost";
        return;
      case "error":
        if (message.code === "unknown_since") {
          this.#since = null;
          this.listener.forget?.();
        } else {
          this.reason = message.message;
        }
        if (this.#greeted) this.listener.take(message);
        return;
      default:
        this.listener.take(message);
        if ("seq" in message && typeof message.seq === "number") this.#seen(message.seq);
    }
  }

  #greet(hello: Hello): void {
    this.#greeted = true;
    this.#pause = FIRST_PAUSE;
    this.reason = "";
    this.version = hello.version;
    this.listener.greeted?.(hello);
    // Not by `#hear`: what is told of the present must not move `since` past events that are still to come.
    for (const event of hello.present) this.listener.take(event);
    if (this.#since !== null && this.#since < hello.seq) {
      this.#behindUntil = hello.seq;
      this.state = "behind";
    } else {
      this.state = "live";
    }
    this.#since ??= hello.seq;
  }

  #seen(seq: number): void {
    this.#since = seq;
    if (this.#behindUntil !== null && seq >= this.#behindUntil) {
      this.#behindUntil = null;
      this.state = "live";
    }
  }

  #check(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const quiet = Date.now() - this.heard;
    if (this.#greeted && quiet > DEAD_AFTER) {
      this.#drop();
      void this.#lost();
      return;
    }
    if (this.live && quiet > SILENT_AFTER) this.state = "silent";
    this.send({ type: "ping" });
  }

  async #lost(): Promise<void> {
    this.#socket = null;
    if (this.#closed) return;
    this.state = "lost";
    if (!this.#greeted) {
      const refusal = await refused();
      if (this.#closed || this.#socket !== null) return;
      if (refusal) this.reason = refusal.message;
      if (refusal?.status === 401) {
        this.state = "refused"; // whoever signs in calls `retry`
        return;
      }
    }
    this.#again = setTimeout(() => this.#connect(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }
}

/** Why the server refused a websocket, which no browser tells: the gate says the same to a request that would change something. */
async function refused(): Promise<ApiError | null> {
  try {
    await request("POST", "/status");
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return error;
  }
  return null;
}
