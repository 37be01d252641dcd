// One leg: waveform in the colours of its emotion, the emotion shown, the curves of all labels, valence and arousal, the true labels.
import { colour } from "./palette.js";
import { make, penOf, percent, setText, signed, theme } from "./words.js";

const ROWS = { flags: 26, wave: 88, emotion: 22, curves: 76, affect: 46, truth: 24 };
const GAP = 5;
const NAMED = 3;                      // labels told with their probability beside the curves

/** Which run of [first tick, label] pairs a tick is in. */
function runAt(runs, tick) {
  let low = 0, high = runs.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (runs[middle][0] <= tick) low = middle; else high = middle;
  }
  return runs[low]?.[1] ?? "unknown";
}

export const highest = (values) => values.reduce((most, value) => Math.max(most, value), 0);

export class Lane {
  /** `ceiling`: the probability at the top of the curves. */
  constructor(leg, call, view, ceiling) {
    this.ceiling = ceiling;
    this.leg = leg;
    this.call = call;
    this.view = view;
    this.ticks = leg.speech.length;
    this.loudest = Math.max(16, highest(leg.peak));
    this.labels = Object.keys(leg.posterior).sort((one, other) => highest(leg.posterior[one]) - highest(leg.posterior[other]));
    this.rows = this.layout();
    this.element = make("section", "lane card");
    this.element.setAttribute("aria-label", `leg ${leg.leg}`);
    this.plot = make("div", "plot");
    this.canvas = make("canvas");
    this.canvas.setAttribute("role", "img");
    this.marks = make("div", "marks");
    this.plot.append(this.canvas, this.marks);
    this.element.append(this.gutter(), this.plot);
    this.plot.style.height = `${this.height}px`;
  }

  /** Top of each row that this leg has. */
  layout() {
    const shown = ["flags", "wave", ...(this.leg.analysed ? ["emotion", "curves", "affect"] : []), ...(this.call.labelled ? ["truth"] : [])];
    const rows = {};
    let top = 0;
    for (const name of shown) {
      rows[name] = { top, height: ROWS[name] };
      top += ROWS[name] + GAP;
    }
    this.height = top;
    return rows;
  }

  gutter() {
    const gutter = make("div", "gutter");
    const place = (row, ...nodes) => {
      if (!this.rows[row]) return;
      const cell = make("div", `cell ${row}`);
      cell.style.top = `${this.rows[row].top}px`;
      cell.style.height = `${this.rows[row].height}px`;
      cell.append(...nodes);
      gutter.append(cell);
    };
    this.now = make("p", "now");
    this.swatch = make("span", "swatch");
    this.word = make("span", "word");
    this.now.append(this.swatch, this.word);
    this.sound = make("div", "sound");      // the player puts mute and solo here
    this.chances = make("ul", "chances");
    this.affect = make("p", "affect");
    place("flags", make("h3", "", this.leg.leg), make("span", "soft", this.leg.analysed ? "" : "speech only"));
    place("wave", this.now, this.sound);
    place("emotion", make("span", "caption", "emotion shown"));
    place("curves", this.chances);
    place("affect", this.affect);
    place("truth", make("span", "caption", "true labels"));
    return gutter;
  }

  /** What the leg is said to feel at a moment. */
  tell(time) {
    const tick = Math.min(Math.max(Math.floor(time * this.call.tick_rate), 0), this.ticks - 1);
    const emotion = runAt(this.leg.emotion, tick);
    this.emotion = emotion;
    setText(this.word, !this.leg.analysed ? "not analysed" : emotion === "unknown" ? "not clear" : emotion);
    this.swatch.style.background = colour(emotion);
    this.now.classList.toggle("silent", (this.leg.speech[tick] ?? 0) < 0.5);
    if (!this.leg.analysed) return;
    const chances = this.labels.map((label) => [label, this.leg.posterior[label][tick] ?? 0]);
    chances.sort((one, other) => other[1] - one[1]);
    this.chances.replaceChildren(...chances.slice(0, NAMED).map(([label, share]) => {
      const item = make("li");
      const swatch = make("span", "swatch");
      swatch.style.background = colour(label);
      item.append(swatch, make("span", "label", label), make("span", "share", percent(share)));
      return item;
    }));
    setText(this.affect, `valence ${signed(this.leg.valence[tick] ?? 0)}\narousal ${signed(this.leg.arousal[tick] ?? 0)}`);
  }

  draw() {
    const { pen, width, height } = penOf(this.canvas);
    this.pen = pen;
    this.width = width;
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    this.drawGrid(height);
    this.drawWave();
    if (this.leg.analysed) {
      this.drawEmotion();
      this.drawCurves();
      this.drawAffect();
    }
    if (this.call.labelled) this.drawTruth();
    this.drawGaps(height);
  }

  drawGrid(height) {
    const { pen } = this;
    const ground = theme("--canvas");
    for (const [name, { top, height: tall }] of Object.entries(this.rows)) {
      pen.fillStyle = ground;
      if (name !== "flags") pen.fillRect(0, top, this.width, tall);
    }
    pen.fillStyle = theme("--line");
    for (const time of this.view.ticks().times) pen.fillRect(Math.round(this.view.x(time)), this.rows.wave.top, 1, height);
  }

  drawWave() {
    const { pen, view, leg, call } = this;
    const { top, height } = this.rows.wave;
    const middle = top + height / 2, half = height / 2 - 2;
    const frames = leg.peak.length;
    const soft = theme("--soft");         // of speech whose emotion is not clear, and of silence
    for (let x = 0; x < this.width; x += 1) {
      const first = Math.floor(view.time(x) * call.frame_rate);
      const stop = Math.max(Math.ceil(view.time(x + 1) * call.frame_rate), first + 1);
      let peak = 0, rms = 0;
      for (let frame = Math.max(first, 0); frame < Math.min(stop, frames); frame += 1) {
        if (leg.peak[frame] > peak) peak = leg.peak[frame];
        if (leg.rms[frame] > rms) rms = leg.rms[frame];
      }
      const tick = Math.floor((first / call.frame_rate) * call.tick_rate);
      const speaks = (leg.speech[tick] ?? 0) >= 0.5;
      const label = speaks && leg.analysed ? runAt(leg.emotion, tick) : "unknown";
      pen.fillStyle = label === "unknown" ? soft : colour(label);
      const tall = Math.max((peak / this.loudest) * half, 0.5), body = (rms / this.loudest) * half;
      pen.globalAlpha = speaks ? 0.45 : 0.2;
      pen.fillRect(x, middle - tall, 1, 2 * tall);
      pen.globalAlpha = speaks ? 0.9 : 0.25;
      pen.fillRect(x, middle - body, 1, 2 * body);
    }
    pen.globalAlpha = 1;
  }

  /** Call `paint(from, to, label, left, right)` for each run of labels in sight, in pixels. */
  eachRun(paint) {
    const { leg, view, call } = this;
    leg.emotion.forEach(([first, label], index) => {
      const stop = leg.emotion[index + 1]?.[0] ?? this.ticks;
      const left = view.x(first / call.tick_rate), right = view.x(stop / call.tick_rate);
      if (right > 0 && left < this.width) paint(label, Math.max(left, 0), Math.min(right, this.width));
    });
  }

  drawEmotion() {
    const { top, height } = this.rows.emotion;
    this.eachRun((label, left, right) => this.drawLabel(label, left, right, top, height, label === "unknown" ? "not clear" : label));
  }

  /** A stretch of one label: its colour, and its name where there is room. */
  drawLabel(label, left, right, top, height, words) {
    const { pen } = this;
    pen.fillStyle = colour(label);
    pen.globalAlpha = label === "unknown" ? 0.45 : 1;
    pen.fillRect(left, top, Math.max(right - left - 0.5, 0.5), height);
    pen.globalAlpha = 1;
    if (right - left < pen.measureText(words).width + 10) return;
    pen.fillStyle = label === "unknown" ? theme("--soft") : "#10161d";
    pen.fillText(words, left + 5, top + height / 2 + 0.5);
  }

  /** A polyline over ticks, `y` of a value; `every` ticks where more than one fall on a pixel. */
  line(values, y, style, wide, dash = []) {
    const { pen, view, call } = this;
    const every = Math.max(1, Math.floor((view.span * call.tick_rate) / this.width));
    const first = Math.max(Math.floor(view.start * call.tick_rate) - every, 0);
    const stop = Math.min(Math.ceil(view.end * call.tick_rate) + every, values.length);
    pen.strokeStyle = style;
    pen.lineWidth = wide;
    pen.setLineDash(dash);
    pen.beginPath();
    for (let tick = first; tick < stop; tick += every) pen.lineTo(view.x((tick + 0.5) / call.tick_rate), y(values[tick]));
    pen.stroke();
    pen.setLineDash([]);
  }

  drawCurves() {
    const { top, height } = this.rows.curves;
    const { pen } = this;
    const y = (share) => top + height - 2 - (share / this.ceiling) * (height - 4);
    pen.fillStyle = theme("--line");
    for (const share of [0.25, 0.5, 0.75]) pen.fillRect(0, Math.round(y(share)), share < this.ceiling ? this.width : 0, 1);
    for (const label of this.labels) this.line(this.leg.posterior[label], y, colour(label), highest(this.leg.posterior[label]) < 0.3 ? 1 : 2);
    this.fadeSilence(top, height);
    pen.fillStyle = theme("--soft");
    pen.font = "10px system-ui, sans-serif";
    for (const share of [0.5, 1]) if (share <= this.ceiling) pen.fillText(percent(share), 4, y(share) + 8);
  }

  drawAffect() {
    const { top, height } = this.rows.affect;
    const { pen } = this;
    const y = (value) => top + height / 2 - value * (height / 2 - 2);
    pen.fillStyle = theme("--line");
    pen.fillRect(0, Math.round(y(0)), this.width, 1);
    this.line(this.leg.valence, y, theme("--ink"), 1.6);
    this.line(this.leg.arousal, y, theme("--soft"), 1.6, [4, 3]);
    this.fadeSilence(top, height);
  }

  /** Where the leg is silent nothing new is heard: what is carried on is shown pale. */
  fadeSilence(top, height) {
    const { pen, view, leg, call } = this;
    pen.fillStyle = theme("--canvas");
    pen.globalAlpha = 0.66;
    const stop = Math.min(Math.ceil(view.end * call.tick_rate), this.ticks);
    let since = null;
    for (let tick = Math.max(Math.floor(view.start * call.tick_rate), 0); tick <= stop; tick += 1) {
      const silent = tick < stop && leg.speech[tick] < 0.5;
      if (silent && since === null) since = tick;
      if (silent || since === null) continue;
      const left = view.x(since / call.tick_rate);
      pen.fillRect(left, top, view.x(tick / call.tick_rate) - left, height);
      since = null;
    }
    pen.globalAlpha = 1;
  }

  drawTruth() {
    const { top, height } = this.rows.truth;
    const { pen, view } = this;
    for (const { start, end, emotion } of this.leg.segments) {
      const left = view.x(start), right = view.x(end);
      if (right > 0 && left < this.width) this.drawLabel(emotion, Math.max(left, 0), Math.min(right, this.width), top, height, emotion);
    }
    pen.strokeStyle = theme("--ink");
    pen.lineWidth = 1.5;
    pen.setLineDash([5, 4]);
    for (const { time } of this.leg.true_changes) {
      pen.beginPath();
      pen.moveTo(view.x(time), this.rows.wave.top);
      pen.lineTo(view.x(time), top + height);
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  /** Audio that never came, or that no engine heard. */
  drawGaps(height) {
    const { pen, view } = this;
    pen.strokeStyle = theme("--bad");
    pen.globalAlpha = 0.35;
    pen.lineWidth = 1;
    for (const [start, end] of this.leg.gaps) {
      pen.beginPath();
      for (let x = Math.max(view.x(start), 0); x <= Math.min(view.x(end), this.width); x += 5) {
        pen.moveTo(x, height);
        pen.lineTo(x + 8, this.rows.wave.top);
      }
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }
}
