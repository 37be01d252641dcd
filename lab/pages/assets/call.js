// The page of one call: its parts put together, the pointer and the keys.
import { colour } from "./palette.js";
import { count, given, make, penOf, setText, stamp, theme } from "./words.js";
import { View } from "./view.js";
import { Lane, highest } from "./lane.js";
import { Overview } from "./overview.js";
import { Player } from "./player.js";
import { Findings } from "./findings.js";

const LEAD = 3;                       // seconds heard before a finding
const $ = (id) => document.getElementById(id);

const call = given("call");
const view = new View(call.seconds);
const player = new Player(call, $("sound").textContent.trim());
const surest = Math.max(0.5, ...call.legs.flatMap((leg) => Object.values(leg.posterior).map(highest)));
const lanes = call.legs.map((leg) => new Lane(leg, call, view, Math.min(Math.ceil(surest * 4) / 4, 1)));
const overview = new Overview($("overview"), call, view, (time) => player.seek(time));
const rows = new Map([[null, $("call-marks")], ...lanes.map((lane) => [lane.leg.leg, lane.marks])]);
const findings = new Findings(call, rows, view, {
  choose: (finding) => {
    player.seek(finding.time);
    if (finding.time < view.start || finding.known > view.end) view.show(finding.time - view.span / 3, view.span);
  },
  listen: (finding) => {
    findings.choose(finding);
    player.seek(finding.time - LEAD);
    view.reveal(player.time);
    player.play();
  },
});

// ---------------------------------------------------------------- what is told of the whole call

function tellCall() {
  setText($("title"), call.call);
  setText($("engine"), `${call.engine.name} · ${call.engine.model} · ${call.engine.licence || "licence not stated"}`);
  const hours = call.seconds / 3600;
  const confirmed = call.changes.filter((change) => change.status === "confirmed").length;
  const figures = {
    length: stamp(call.seconds, 0),
    alerts: `${call.alerts.length} (${(call.alerts.length / hours).toFixed(1)} an hour)`,
    "change points": `${confirmed} (${(confirmed / hours).toFixed(1)} an hour)`,
    ...Object.fromEntries(call.legs.map((leg) => {
      const spoken = leg.speech.filter((value) => value >= 0.5).length / Math.max(leg.speech.length, 1);
      return [`${leg.leg} speaks`, `${Math.round(spoken * 100)} %`];
    })),
    ...call.figures,
  };
  for (const [name, value] of Object.entries(figures)) {
    const pair = make("div");
    pair.append(make("dt", "", name), make("dd", "", value ?? "–"));
    $("figures").append(pair);
  }
  const labels = [...call.labels, "unknown"];
  for (const label of labels) {
    const item = make("li");
    const swatch = make("span", "swatch");
    swatch.style.background = colour(label);
    item.append(swatch, make("span", "", label === "unknown" ? "not clear" : label));
    $("legend").append(item);
  }
  for (const item of document.querySelectorAll("[data-labelled]")) item.hidden = !call.labelled;
  setText($("nothing"), findings.all.length ? "" : "No alert and no change point in this call.");
  $("nothing").hidden = findings.all.length > 0;
  setText($("found"), [count(call.alerts.length, "alert"), count(call.changes.length, "change point")].join(", "));
}

// ---------------------------------------------------------------- drawing

function drawRuler() {
  const { pen, height } = penOf($("ruler"));
  const { times, digits } = view.ticks();
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  for (const time of times) {
    const x = Math.round(view.x(time));
    pen.fillStyle = theme("--line");
    pen.fillRect(x, height - 6, 1, 6);
    pen.fillStyle = theme("--soft");
    const words = stamp(time, digits);
    if (x + 4 + pen.measureText(words).width <= view.width) pen.fillText(words, x + 4, height / 2);
  }
}

function draw() {
  const stage = $("stage").getBoundingClientRect(), plot = lanes[0].plot.getBoundingClientRect();
  view.width = plot.width;
  for (const part of [$("axis"), $("over")]) {
    part.style.left = `${plot.left - stage.left}px`;
    part.style.width = `${plot.width}px`;
  }
  drawRuler();
  for (const lane of lanes) lane.draw();
  findings.lay();
  moved();
}

/** The cursor moved, or what is in sight did. */
function moved() {
  const time = player.time;
  const x = view.x(time);
  $("cursor").hidden = x < 0 || x > view.width;
  $("cursor").style.transform = `translateX(${x}px)`;
  setText($("time"), stamp(time));
  for (const [index, lane] of lanes.entries()) {
    lane.tell(time);
    lane.element.classList.toggle("unheard", !player.heard(index));
  }
  overview.now = time;
  overview.draw();
}

let drawing = false;
function schedule() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    draw();
  });
}

function run() {
  if (player.playing) {
    if ($("follow").checked) view.reveal(player.time);
    requestAnimationFrame(run);
  }
  moved();
}

function sound() {
  setText($("play"), player.playing ? "❚❚" : "▶");
  $("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
  $("play").disabled = !player.ready;
  $("silent").hidden = player.ready;
  moved();
}

// ---------------------------------------------------------------- pointer and keys

function point(plot) {
  const at = (event) => view.time(Math.min(Math.max(event.clientX - plot.getBoundingClientRect().left, 0), view.width));
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest("button")) return;
    plot.setPointerCapture(event.pointerId);
    player.seek(at(event));
  });
  plot.addEventListener("pointermove", (event) => {
    const time = at(event);
    $("hover").hidden = false;
    $("hover").style.transform = `translateX(${view.x(time)}px)`;
    setText($("hover-time"), stamp(time));
    if (plot.hasPointerCapture(event.pointerId)) player.seek(time);
  });
  plot.addEventListener("pointerleave", () => { $("hover").hidden = true; });
  plot.addEventListener("wheel", (event) => {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) view.zoom(Math.exp(-event.deltaY / 300), at(event));
    else if (sideways) view.show(view.start + (sideways / view.width) * view.span, view.span);
    else return;                      // up and down scroll the page
    event.preventDefault();
  }, { passive: false });
}

const KEYS = {
  " ": () => player.toggle(),
  ArrowLeft: (event) => player.seek(player.time - (event.shiftKey ? 10 : 2)),
  ArrowRight: (event) => player.seek(player.time + (event.shiftKey ? 10 : 2)),
  Home: () => player.seek(0),
  "+": () => view.zoom(1.6, player.time),
  "=": () => view.zoom(1.6, player.time),
  "-": () => view.zoom(1 / 1.6, player.time),
  0: () => view.show(0, view.seconds),
  n: () => findings.step(1),
  p: () => findings.step(-1),
  1: () => player.flip(0, "solo"),
  2: () => player.flip(1, "solo"),
};

document.addEventListener("keydown", (event) => {
  const does = KEYS[event.key];
  const { target } = event;
  if (!does || event.ctrlKey || event.metaKey || event.altKey || target.closest("select, input:not([type=checkbox])")) return;
  if (event.key === " " && target.matches("button:focus-visible, input")) return;
  event.preventDefault();
  does(event);
  if (event.key.startsWith("Arrow") || event.key === "Home") view.reveal(player.time);
});

// A button that was clicked with the pointer lets go of the keys: space is for the player.
document.addEventListener("click", (event) => { if (event.detail) event.target.closest("button")?.blur(); });

// ---------------------------------------------------------------- together

for (const [index, lane] of lanes.entries()) {
  lane.sound.append(...player.buttons(index));
  $("lanes").append(lane.element);
  point(lane.plot);
}
findings.cards($("findings"), $("tally"), $("save"));
tellCall();
setText($("length"), stamp(call.seconds));
setText($("recording"), call.recording.name);
$("call-marks").hidden = !call.alerts.some((alert) => alert.leg === null);
$("play").addEventListener("click", () => player.toggle());
$("nearer").addEventListener("click", () => view.zoom(1.6, player.time));
$("further").addEventListener("click", () => view.zoom(1 / 1.6, player.time));
$("whole").addEventListener("click", () => view.show(0, view.seconds));
$("speed").addEventListener("change", () => {
  player.audio.defaultPlaybackRate = player.audio.playbackRate = Number($("speed").value);
});
$("open").addEventListener("change", () => { if ($("open").files.length) player.take($("open").files[0]); });
player.audio.addEventListener("play", run);
player.onChange(sound);
view.onChange(schedule);
new ResizeObserver(schedule).observe($("stage"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", schedule);
sound();
