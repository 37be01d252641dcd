// The websocket: comes back by itself after the last event seen, asks for the token where the server wants one.

const FIRST_PAUSE = 500, LONGEST_PAUSE = 10_000; // ms before connecting again
const $ = (id) => document.getElementById(id);

let page;                   // { take(message), forgetAll() }
let socket = null;
let since = null;           // the newest event seen; replays have no seq and do not touch it
let pause = FIRST_PAUSE;

/** Follow the server: every event, live frames and replayed message goes to `page.take`. */
export function follow(listener) {
  page = listener;
  $("token-dialog").addEventListener("close", () => {
    sessionStorage.setItem("token", $("token").value.trim());
    connect();
  });
  $("token-dialog").addEventListener("cancel", (event) => event.preventDefault());
  connect();
}

/** Say something to the server; nothing where there is no connection. */
export function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function show(state, words) {
  $("connection").dataset.state = state;
  $("connection").textContent = words;
}

/** A token in a subprotocol: browsers cannot set headers on a websocket, and query strings end up in logs. */
function subprotocols() {
  const token = sessionStorage.getItem("token");
  if (!token) return ["emotion-monitor.v1"];
  const bytes = String.fromCharCode(...new TextEncoder().encode(token));
  const text = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return ["emotion-monitor.v1", `emotion-monitor.bearer.${text}`];
}

function connect() {
  const address = new URL("ws/v1/events", document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  address.searchParams.set("frames", "1");
  if (since !== null) address.searchParams.set("since", since);
  let greeted = false;
  let behindUntil = null;
  socket = new WebSocket(address, subprotocols());
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    switch (message.type) {
      case "hello":
        greeted = true;
        pause = FIRST_PAUSE;
        // Not by `take` below: what is told of the present must not move `since` past events that are still to come.
        for (const event of message.present) page.take(event);
        since ??= message.seq;
        show("live", "live");
        break;
      case "lagged":
        behindUntil = message.to;
        show("live", "live, catching up");
        break;
      case "server_stopping":
        show("lost", "the server is stopping");
        break;
      case "error":
        if (message.code === "unknown_since") {
          since = null;
          page.forgetAll();
        }
        show(greeted ? "live" : "lost", message.message);
        break;
      default:
        page.take(message);
        if (message.seq !== undefined) since = message.seq;
        if (behindUntil !== null && since >= behindUntil) {
          behindUntil = null;
          show("live", "live");
        }
    }
  });
  socket.addEventListener("close", async () => {
    const refusal = greeted ? null : await refused();
    if (refusal?.code === "token") {
      askForToken();
      return;
    }
    show("lost", refusal?.message ?? "not connected, trying again");
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  });
}

/** Why the server refused the websocket, which no browser tells: the gate says the same to a request that would change something. */
async function refused() {
  const token = sessionStorage.getItem("token");
  try {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch("api/v1/status", { method: "POST", headers });
    return [401, 403].includes(answer.status) ? (await answer.json()).error : null;
  } catch {
    return null;
  }
}

function askForToken() {
  show("lost", "a token is needed");
  $("token-wrong").hidden = !sessionStorage.getItem("token");
  $("token").value = "";
  $("token-dialog").showModal();
}
