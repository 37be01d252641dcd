// The index of calls: a row each, sorted by whichever column is chosen.
import { colour } from "./palette.js";
import { drawStrip } from "./strip.js";
import { given, make, penOf, setText, stamp } from "./words.js";

const $ = (id) => document.getElementById(id);
const { calls, engine } = given("data");
const hourly = (number, seconds) => (seconds ? (number / seconds) * 3600 : 0);
const shown = (value) => (typeof value === "number" && !Number.isInteger(value) ? value.toFixed(2) : value ?? "–");
const confirmed = (call) => call.changes.filter((change) => change.status === "confirmed").length;
const names = [...new Set(calls.flatMap((call) => Object.keys(call.figures)))];

const COLUMNS = [
  ["call", (call) => call.call],
  ["length", (call) => call.seconds, (value) => stamp(value, 0)],
  ["alerts", (call) => call.alerts.length],
  ["an hour", (call) => hourly(call.alerts.length, call.seconds), (value) => value.toFixed(1)],
  ["changes", (call) => confirmed(call)],
  ...names.map((name) => [name, (call) => call.figures[name]]),
];

let column = 0, upwards = true;

function compare(one, other) {
  const [a, b] = [one, other].map(COLUMNS[column][1]);
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a ?? "").localeCompare(String(b ?? ""), "en", { numeric: true });
  return upwards ? order : -order;
}

function heads() {
  const row = make("tr");
  COLUMNS.forEach(([name], index) => {
    const cell = make("th");
    const button = make("button", "", name);
    button.type = "button";
    button.addEventListener("click", () => {
      upwards = column === index ? !upwards : index === 0;
      column = index;
      table();
    });
    cell.append(button);
    cell.scope = "col";
    if (index === column) cell.setAttribute("aria-sort", upwards ? "ascending" : "descending");
    row.append(cell);
  });
  row.append(make("th", "strip", "what was heard"));
  return row;
}

function table() {
  const strips = [];
  const rows = [...calls].sort(compare).map((call) => {
    const row = make("tr");
    COLUMNS.forEach(([, value, told = shown], index) => {
      const cell = make("td", "", index ? told(value(call)) : "");
      if (!index) {
        const link = make("a", "", call.call);
        link.href = encodeURI(call.page);
        cell.append(link);
      }
      row.append(cell);
    });
    const strip = make("td", "strip"), canvas = make("canvas");
    strip.append(canvas);
    row.append(strip);
    strips.push([canvas, call]);
    return row;
  });
  const head = make("thead"), body = make("tbody");
  head.append(heads());
  body.append(...rows);
  $("calls").replaceChildren(head, body);
  for (const [canvas, call] of strips) {
    const { pen, width, height } = penOf(canvas);
    drawStrip(pen, width, height, call);
  }
}

function tell() {
  const seconds = calls.reduce((sum, call) => sum + call.seconds, 0);
  const alerts = calls.reduce((sum, call) => sum + call.alerts.length, 0);
  const changes = calls.reduce((sum, call) => sum + confirmed(call), 0);
  setText($("engine"), `${engine.name} · ${engine.model} · ${engine.licence || "licence not stated"}`);
  const figures = {
    calls: calls.length,
    length: stamp(seconds, 0),
    alerts: `${alerts} (${hourly(alerts, seconds).toFixed(1)} an hour)`,
    "change points": `${changes} (${hourly(changes, seconds).toFixed(1)} an hour)`,
  };
  for (const [name, value] of Object.entries(figures)) {
    const pair = make("div");
    pair.append(make("dt", "", name), make("dd", "", value));
    $("figures").append(pair);
  }
  const labels = new Set(calls.flatMap((call) => call.legs.flatMap((leg) => leg.emotion.map(([, label]) => label))));
  for (const label of [...labels].sort()) {
    const item = make("li"), swatch = make("span", "swatch");
    swatch.style.background = colour(label);
    item.append(swatch, make("span", "", label === "unknown" ? "not clear" : label));
    $("legend").append(item);
  }
}

tell();
table();
new ResizeObserver(() => table()).observe($("calls").parentElement);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", table);
