// The plain page: live calls, each leg's emotion as it moves, alerts as they come.
// Built on the public websocket alone (docs/protocol.md). What comes from outside reaches the page as text, never as markup.
import { follow, send } from "./connection.js";
import { colour } from "./palette.js";
import { WINDOW_SECONDS, clock, drawTimeline, span } from "./timeline.js";

const KEEP_ENDED = 6;           // calls that are over and still shown
const KEEP_ALERTS = 100;
const UNHEARD_SHOWN = 15;       // seconds that a leg is shown as degraded after frames of it were skipped
const $ = (id) => document.getElementById(id);

const ENDINGS = {              // why a call ended, in words
  finished: "heard to its end", stopped: "ended on request", inactive: "no audio came any more",
  shutdown: "this program was stopped", interrupted: "cut short",
};

/** An element with a class and text; text is never parsed. */
function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== "") node.textContent = String(text);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const last = (values) => (values && values.length ? values[values.length - 1] : null);

// ---------------------------------------------------------------- calls

const calls = new Map();   // key: call id, or replay and call id
const keyOf = (message) => (message.replay ? `${message.replay}\n${message.call}` : message.call);

/** The likeliest label of a head of the company's own: "churn: threat 78 %". */
const headSays = ([head, labels]) => {
  const [label, share] = Object.entries(labels)
    .map(([name, values]) => [name, last(values) ?? 0])
    .reduce((best, one) => (one[1] > best[1] ? one : best), ["", 0]);
  return label ? `${head}: ${label} ${Math.round(share * 100)} %` : "";
};

class LegView {
  constructor(name, analysed) {
    this.name = name;
    this.analysed = analysed;
    this.points = [];       // {time, posterior: [[label, p]...], speech, valence}
    this.marks = [];        // change points: {id, time, status, after}
    this.emotion = "unknown";
    this.element = make("div", "leg");
    this.words = make("div");
    this.who = make("p", "who", analysed ? name : `${name}, speech only`);
    this.unheard = 0;       // frames that were not analysed, of late
    this.unheardUntil = 0;  // time of the call up to which that is shown
    this.degraded = make("span", "badge degraded");
    this.degraded.hidden = true;
    this.who.append(" ", this.degraded);
    const line = make("p", "emotion");
    this.swatch = make("span", "swatch");
    this.label = make("span", "label");
    this.percent = make("span", "percent");
    line.append(this.swatch, this.label, this.percent);
    const affect = make("p", "affect");
    this.valence = make("span");
    this.arousal = make("span");
    affect.append(this.valence, this.arousal);
    this.heads = make("p", "affect heads");
    this.words.append(this.who, line, affect, this.heads);
    this.canvas = make("canvas");
    this.canvas.setAttribute("role", "img");
    this.element.append(this.words, this.canvas);
    this.say("unknown", null, null, null);
  }

  say(emotion, confidence, valence, arousal) {
    this.emotion = emotion;
    const words = this.analysed ? (emotion === "unknown" ? "not clear" : emotion) : "not analysed";
    setText(this.label, words);
    setText(this.percent, confidence === null || emotion === "unknown" ? "" : `${Math.round(confidence * 100)} %`);
    setText(this.valence, valence === null ? "" : `valence ${signed(valence)}`);
    setText(this.arousal, arousal === null ? "" : `arousal ${signed(arousal)}`);
    this.swatch.style.background = colour(emotion);
    this.canvas.setAttribute("aria-label", `${this.name}: ${words} over the last ${WINDOW_SECONDS} seconds`);
  }

  state(message) {
    this.say(message.emotion, message.confidence, message.valence, message.arousal);
  }

  frames(message) {
    const labels = Object.keys(message.posterior);
    message.speech.forEach((speech, index) => {
      this.points.push({
        time: message.time + index / message.rate,
        span: 1 / message.rate,
        posterior: labels.map((label) => [label, message.posterior[label][index] ?? 0]),
        speech: speech ?? 0,
        valence: message.valence[index] ?? null,
      });
    });
    const oldest = message.time - WINDOW_SECONDS - 5;
    while (this.points.length && this.points[0].time < oldest) this.points.shift();
    this.marks = this.marks.filter((mark) => mark.time >= oldest);
    if (this.analysed) {
      this.say(message.emotion, last(message.posterior[message.emotion]), last(message.valence), last(message.arousal));
      setText(this.heads, Object.entries(message.heads ?? {}).map(headSays).join(" "));
    }
    return message.time + message.speech.length / message.rate;
  }

  /** Overload or an engine error: part of this leg was not heard. */
  skipped(message) {
    this.unheard += message.frames;
    this.unheardUntil = message.at + UNHEARD_SHOWN;
    setText(this.degraded, `${Math.max(1, Math.round(this.unheard * 0.02))} s not heard`);
    this.degraded.title = message.cause;
    this.degraded.hidden = false;
  }

  forgetSkipped(now) {
    if (this.degraded.hidden || now < this.unheardUntil) return;
    this.unheard = 0;
    this.degraded.hidden = true;
  }

  change(message) {
    this.marks = this.marks.filter((mark) => mark.id !== message.id);
    if (message.status !== "retracted") this.marks.push(message);
  }

  draw(now) {
    drawTimeline(this.canvas, now, this);
  }
}

class CallView {
  constructor(message) {
    this.call = message.call;
    this.replay = message.replay ?? "";
    this.over = false;
    this.time = 0;
    this.dirty = true;
    this.visible = true;
    this.alerts = new Map(); // open ones: id, severity
    this.legs = new Map();
    this.element = make("article", "call card");
    const head = make("div", "call-head");
    this.title = make("h3", "", message.call);
    this.badge = make("span", "badge");
    this.about = make("p", "about");
    this.clock = make("span", "clock");
    head.append(this.title, this.badge, this.clock);
    this.meta = make("dl", "meta");
    this.body = make("div");
    this.element.append(head, this.about, this.meta, this.body);
    this.label(this.replay ? "replay" : "live");
    if (message.type === "call_started") this.started(message);
  }

  label(word) {
    setText(this.badge, word);
    this.badge.className = `badge ${word}`;
  }

  started(message) {
    setText(this.about, `${message.source} · ${message.engine}`);
    this.meta.replaceChildren();
    for (const [name, value] of Object.entries(message.metadata ?? {}).slice(0, 12)) {
      const pair = make("div");
      pair.append(make("dt", "", name), make("dd", "", typeof value === "string" ? value : JSON.stringify(value)));
      this.meta.append(pair);
    }
    for (const leg of message.legs) this.leg(leg, message.inferred.includes(leg));
    legend(message.labels);
  }

  leg(name, analysed = true) {
    let view = this.legs.get(name);
    if (!view) {
      view = new LegView(name, analysed);
      this.legs.set(name, view);
      this.body.append(view.element);
    }
    return view;
  }

  take(message) {
    this.dirty = true;
    this.time = Math.max(this.time, message.at ?? 0);
    switch (message.type) {
      case "call_started": this.started(message); break;
      case "state": this.leg(message.leg).state(message); break;
      case "change_point": this.leg(message.leg).change(message); break;
      case "frames": this.time = Math.max(this.time, this.leg(message.leg).frames(message)); break;
      case "alert": this.alert(message); break;
      case "frames_skipped": this.leg(message.leg).skipped(message); break;
      case "call_ended": this.end(message.reason); break;
    }
    for (const leg of this.legs.values()) leg.forgetSkipped(this.time);
    setText(this.clock, clock(this.time));
  }

  alert(message) {
    if (message.status === "cleared") this.alerts.delete(message.id);
    else this.alerts.set(message.id, message.severity);
    const open = [...this.alerts.values()];
    this.element.dataset.severity = ["critical", "warning", "info"].find((severity) => open.includes(severity)) ?? "";
  }

  end(reason) {
    if (this.over) return;
    this.over = true;
    this.element.dataset.severity = "";
    this.element.classList.add("over");
    this.label(this.replay ? "replay" : "ended");
    setText(this.about, `${this.replay ? "replay" : "ended"}: ${ENDINGS[reason] ?? reason}`);
    $("calls").append(this.element); // below those that go on
  }

  remove() {
    sight.unobserve(this.element);
    this.element.remove();
  }

  draw() {
    if (!this.dirty || !this.visible) return;
    this.dirty = false;
    for (const leg of this.legs.values()) leg.draw(this.time);
  }
}

/** Calls that are scrolled out of sight are not drawn. */
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) target.view.visible = isIntersecting;
  schedule();
}, { rootMargin: "200px" });

function callOf(message) {
  const key = keyOf(message);
  let view = calls.get(key);
  if (!view || (view.over && message.type === "call_started")) {
    view?.remove();
    view = new CallView(message);
    calls.delete(key);
    calls.set(key, view);
    $("calls").prepend(view.element);
    view.element.view = view;
    sight.observe(view.element);
  }
  return view;
}

function tidyCalls() {
  const ended = [...calls].filter(([, view]) => view.over);
  for (const [key, view] of ended.slice(0, Math.max(0, ended.length - KEEP_ENDED))) {
    view.remove();
    calls.delete(key);
  }
}

function legend(labels) {
  const shown = new Set([...$("legend").children].map((item) => item.textContent));
  for (const label of labels) {
    if (shown.has(label)) continue;
    const item = make("li");
    const swatch = make("span", "swatch");
    swatch.style.background = colour(label);
    item.append(swatch, make("span", "", label));
    $("legend").append(item);
  }
}

// ---------------------------------------------------------------- alerts

const alerts = new Map();  // key: alert id, or replay and alert id

class AlertView {
  constructor(message) {
    this.id = message.id;
    this.call = keyOf(message);
    this.replay = message.replay ?? "";
    this.open = true;
    this.by = "";
    this.element = make("li", "alert card");
    const line = make("p", "line");
    this.severity = make("span", "severity");
    this.where = make("span", "where");
    this.when = make("span", "when");
    line.append(this.severity, this.where, this.when);
    if (this.replay) line.prepend(make("span", "badge replay", "replay"));
    this.text = make("p", "text");
    const foot = make("div", "foot");
    this.status = make("span", "status");
    this.button = make("button", "", "Acknowledge");
    this.button.type = "button";
    this.button.hidden = Boolean(this.replay);
    this.button.addEventListener("click", () => this.acknowledge());
    foot.append(this.status, this.button);
    this.element.append(line, this.text, foot);
  }

  take(message) {
    this.open = message.status !== "cleared";
    this.element.dataset.severity = message.severity;
    this.element.classList.toggle("cleared", !this.open);
    setText(this.severity, message.severity);
    setText(this.where, [message.call, message.leg].filter(Boolean).join(" · "));
    if (this.open || this.said === undefined) this.said = message.at; // the sentence's own moment; that of its end is in the status
    const said = clock(this.said), about = clock(message.time);
    setText(this.when, said === about ? said : `${said}, about ${about}`);
    setText(this.text, message.message);
    this.rule = message.rule;
    this.since = message.time;
    this.until = message.at;
    this.show();
  }

  acknowledged(message) {
    this.by = message.by;
    this.element.classList.add("acknowledged");
    this.show();
  }

  /** How long ago it was said is known where it is shown: by the clock of its call, as long as that goes on. */
  show() {
    const told = this.by ? `, ${this.by} took note` : "";
    const call = calls.get(this.call);
    const ago = call && !call.over ? `, said ${span(call.time - this.said)} ago` : "";
    setText(this.status, `${this.open ? `open${ago}` : `over after ${span(this.until - this.since)}`} · ${this.rule}${told}`);
    this.button.hidden = Boolean(this.replay) || !this.open || Boolean(this.by);
  }

  acknowledge() {
    const me = $("me").value.trim();
    $("me").setAttribute("aria-invalid", String(!me));
    if (!me) { $("me").focus(); return; }
    send({ type: "acknowledge", id: this.id, by: me });
  }
}

function takeAlert(message) {
  const key = `${message.replay ?? ""}\n${message.id}`;
  let view = alerts.get(key);
  if (!view) {
    view = new AlertView(message);
    alerts.set(key, view);
    $("alerts").prepend(view.element);
    if (alerts.size > KEEP_ALERTS) {
      const [oldest, old] = alerts.entries().next().value;
      old.element.remove();
      alerts.delete(oldest);
    }
  }
  view.take(message);
}

// ---------------------------------------------------------------- messages

function take(message) {
  switch (message.type) {
    case "alert": takeAlert(message); callOf(message).take(message); break;
    case "alert_acknowledged": alerts.get(`\n${message.id}`)?.acknowledged(message); break;
    case "replay_ended": calls.get(keyOf(message))?.end(message.reason); break;
    case "call_ended": calls.get(keyOf(message))?.take(message); break;
    case "call_started": case "state": case "change_point": case "frames": case "frames_skipped": callOf(message).take(message); break;
  }
  schedule();
}

function forgetAll() {
  for (const view of calls.values()) view.remove();
  for (const view of alerts.values()) view.element.remove();
  calls.clear();
  alerts.clear();
}

let scheduled = false;
function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    tidyCalls();
    for (const view of calls.values()) view.draw();
    const live = [...calls.values()].filter((view) => !view.over && !view.replay).length;
    for (const view of alerts.values()) if (view.open) view.show();
    const open = [...alerts.values()].filter((view) => view.open && !view.replay);
    const unseen = open.filter((view) => !view.by).length;
    setText($("counts"), `${count(live, "live call")}, ${count(open.length, "open alert")}${unseen ? `, ${unseen} not acknowledged` : ""}`);
    document.title = unseen ? `(${unseen}) Emotion monitor` : "Emotion monitor";
    $("no-calls").hidden = calls.size > 0;
    $("no-alerts").hidden = alerts.size > 0;
  });
}

$("me").value = localStorage.getItem("me") ?? "";
$("me").addEventListener("input", () => localStorage.setItem("me", $("me").value.trim()));
window.addEventListener("resize", () => {
  for (const view of calls.values()) view.dirty = true;
  schedule();
});
schedule();
follow({ take, forgetAll });
