import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Connection, SILENT_AFTER, type Listener, type ServerMessage } from "./connection.svelte";

/** The browser's end of a websocket, played by the test. */
class Socket extends EventTarget {
  static readonly OPEN = 1;
  static all: Socket[] = [];
  readyState = 1;
  sent: string[] = [];
  constructor(readonly url: URL, readonly protocols: string[]) {
    super();
    Socket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.readyState = 3;
  }
  says(message: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }
  breaks(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
}

const HELLO = { type: "hello", version: "0.2.0", seq: 7, present: [] };
const state = (seq: number) => ({ type: "state", seq, recorded_at: "", call: "c", leg: "customer", time: 1, at: 1, emotion: "angry", previous: "neutral", confidence: 1, valence: 0, arousal: 0 });
const newest = () => Socket.all.at(-1)!;
let open: Connection[] = [];

function connect(listener: Partial<Listener> = {}): Connection {
  const connection = new Connection({}, { take: () => undefined, ...listener });
  open.push(connection);
  return connection;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}", { status: 405 })));
});
afterEach(() => {
  for (const connection of open) connection.close();
  open = [];
  Socket.all = [];
  sessionStorage.clear();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("it is live from the hello on, and hands on what comes", () => {
  const heard: ServerMessage[] = [];
  const connection = connect({ take: (message) => heard.push(message) });
  expect(connection.state).toBe("connecting");
  newest().says(HELLO);
  newest().says(state(8));
  expect([connection.state, heard.length]).toEqual(["live", 1]);
});

test("it comes back after the last event that it has seen, waiting longer each time", async () => {
  connect();
  newest().says(HELLO);
  newest().says(state(8));
  newest().breaks();
  await vi.advanceTimersByTimeAsync(600);
  expect(newest().url.searchParams.get("since")).toBe("8");
  newest().breaks();
  await vi.advanceTimersByTimeAsync(600);
  expect(Socket.all.length).toBe(2);
  await vi.advanceTimersByTimeAsync(600);
  expect(Socket.all.length).toBe(3);
});

test("what is told of the present does not move the place from which it comes back", async () => {
  connect();
  newest().says({ ...HELLO, present: [state(3)] });
  newest().breaks();
  await vi.advanceTimersByTimeAsync(600);
  expect(newest().url.searchParams.get("since")).toBe("7");
});

test("it is not called live until it has caught up", async () => {
  const connection = connect();
  newest().says(HELLO);
  newest().breaks();
  await vi.advanceTimersByTimeAsync(600);
  newest().says({ ...HELLO, seq: 9 });
  expect(connection.state).toBe("behind");
  newest().says(state(9));
  expect(connection.state).toBe("live");
});

test("a connection that says nothing is not called live, and is given up in the end", async () => {
  const connection = connect();
  newest().says(HELLO);
  await vi.advanceTimersByTimeAsync(SILENT_AFTER + 5_000);
  expect([connection.state, newest().sent.includes('{"type":"ping"}')]).toEqual(["silent", true]);
  newest().says({ type: "pong", seq: 7 });
  expect(connection.state).toBe("live");
  await vi.advanceTimersByTimeAsync(40_000);
  expect(Socket.all.length).toBe(2);
});

test("a server with another journal is listened to from now on, and what was known is forgotten", async () => {
  const forget = vi.fn();
  connect({ forget });
  newest().says(HELLO);
  newest().breaks();
  await vi.advanceTimersByTimeAsync(600);
  newest().says({ type: "error", code: "unknown_since", message: "beyond the journal" });
  newest().breaks();
  await vi.advanceTimersByTimeAsync(1100);
  expect([forget.mock.calls.length, newest().url.searchParams.get("since")]).toEqual([1, null]);
});

test("where the token is refused it asks for another, and comes with that", async () => {
  const body = JSON.stringify({ error: { code: "token", message: "a bearer token is needed" } });
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status: 401 })));
  const connection = connect();
  newest().breaks();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([connection.state, connection.reason, Socket.all.length]).toEqual(["refused", "a bearer token is needed", 1]);
  sessionStorage.setItem("token", "a-token-of-mine");
  connection.retry();
  expect(newest().protocols).toEqual(["emotion-monitor.v1", "emotion-monitor.bearer.YS10b2tlbi1vZi1taW5l"]);
});
