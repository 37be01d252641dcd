// Draws a leg, and what lies between two, on a canvas. It knows pixels and colours, and nothing of pages.

import { bucketsOf, marked, means, peaks } from "./buckets";
import { SPEAKS, type Conversation } from "./conversation";
import { UNKNOWN, type States } from "./states";
import { LATE, LOST, SKIPPED, TICK_RATE, type Track } from "./track";
import type { View } from "./view";

export interface Truth {
  segments: readonly { start: number; end: number; emotion: string }[];
  changes: readonly { time: number }[];
}

/** How things look: colours of labels and of the theme, words and letters of labels. */
export interface Look {
  colour(label: string): string;
  /** Text colour that can be read on a label's colour. */
  over(label: string): string;
  word(label: string): string;
  letter(label: string): string;
  theme(name: "ink" | "soft" | "line" | "canvas" | "card" | "bad" | "wait" | "info" | "accent"): string;
}

export interface Row {
  name: "flags" | "loudness" | "emotion" | "chances" | "affect" | "truth";
  top: number;
  height: number;
}

const HEIGHTS = { flags: 24, loudness: 56, emotion: 22, chances: 34, affect: 50, truth: 22 };
const GAP = 4;
const QUIETEST = -60, LOUDEST = -3; // dBFS: the bottom and the top of the envelope

/** The rows that a leg has, from top to bottom, and their height in all. */
export function layout(analysed: boolean, truth: boolean): { rows: Row[]; height: number } {
  const names: Row["name"][] = ["flags", "loudness", ...(analysed ? (["emotion", "chances", "affect"] as const) : []), ...(truth ? (["truth"] as const) : [])];
  const rows: Row[] = [];
  let top = 0;
  for (const name of names) {
    rows.push({ name, top, height: HEIGHTS[name] });
    top += HEIGHTS[name] + GAP;
  }
  return { rows, height: top };
}

const pixelRatio = () => window.devicePixelRatio || 1;

/** Have a canvas as many pixels as its place has on the screen. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): void {
  [canvas.width, canvas.height] = [Math.round(width * pixelRatio()), Math.round(height * pixelRatio())];
}

/** Width of a canvas in CSS pixels, by its own; to ask the document would have it laid out anew, lane by lane. */
export const widthOf = (canvas: HTMLCanvasElement): number => canvas.width / pixelRatio();

/** A cleared canvas; its pen counts in CSS pixels. */
export function penOf(canvas: HTMLCanvasElement): { pen: CanvasRenderingContext2D; width: number; height: number } {
  const ratio = pixelRatio();
  const width = widthOf(canvas), height = canvas.height / ratio;
  const pen = canvas.getContext("2d")!;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  return { pen, width, height };
}

/** Height of a level from 0 to 1. */
export const loudness = (level: number): number => Math.min(Math.max((level - QUIETEST) / (LOUDEST - QUIETEST), 0), 1);

export class LanePainter {
  private pen!: CanvasRenderingContext2D;
  private width = 0;

  constructor(
    private readonly track: Track,
    private readonly states: States,
    private readonly view: View,
    private readonly look: Look,
    private readonly rows: readonly Row[],
    private readonly truth: Truth | null = null,
  ) {}

  draw(canvas: HTMLCanvasElement): void {
    const { pen, width, height } = penOf(canvas);
    this.pen = pen;
    this.width = width;
    for (const row of this.rows) {
      pen.fillStyle = this.look.theme("canvas");
      if (row.name !== "flags") pen.fillRect(0, row.top, width, row.height);
    }
    this.grid(height);
    for (const row of this.rows) {
      if (row.name === "loudness") this.loudness(row);
      if (row.name === "emotion") this.emotion(row);
      if (row.name === "chances") this.chances(row);
      if (row.name === "affect") this.affect(row);
      if (row.name === "truth") this.truths(row);
    }
    this.marks(height);
  }

  private grid(height: number): void {
    this.pen.fillStyle = this.look.theme("line");
    for (const time of this.view.ticks().times) this.pen.fillRect(Math.round(this.view.x(time)), this.rows[0]!.height + GAP, 1, height);
  }

  /** Loudness as a mirrored envelope in the colour of what is believed; where nobody measured it, the probability of speech. */
  private loudness({ top, height }: Row): void {
    if (this.track.outline) return this.outlined(top, height);
    const { pen, view, track } = this;
    const buckets = bucketsOf(view, track.ticks);
    const levels = track.measured ? peaks(track.level, buckets, track.ticks) : null;
    const speech = means(track.speech, buckets, track.ticks, 0);
    const middle = top + height / 2;
    for (let at = 0; at < buckets.count; at += 1) {
      const time = (buckets.first + at * buckets.size) / TICK_RATE;
      const left = Math.round(view.x(time)), right = Math.round(view.x(time + buckets.size / TICK_RATE));
      const heard = Number.isNaN(speech[at]!) ? 0 : speech[at]!;
      const tall = levels ? (Number.isNaN(levels[at]!) ? 0 : loudness(levels[at]!)) : heard * 0.6;
      pen.fillStyle = this.shade(time, heard);
      pen.globalAlpha = 0.25 + 0.7 * heard;
      const half = Math.max(tall * (height / 2 - 2), 0.5);
      pen.fillRect(left, middle - half, Math.max(right - left - (right - left > 3 ? 1 : 0), 1), 2 * half);
    }
    pen.globalAlpha = 1;
  }

  private outlined(top: number, height: number): void {
    const { pen, view, track } = this;
    const { rate, peak, mean } = track.outline!;
    const middle = top + height / 2, half = height / 2 - 2;
    for (let x = 0; x < this.width; x += 1) {
      const first = Math.max(Math.floor(view.time(x) * rate), 0);
      const stop = Math.min(Math.max(Math.ceil(view.time(x + 1) * rate), first + 1), peak.length);
      let most = 0, body = 0;
      for (let frame = first; frame < stop; frame += 1) {
        most = Math.max(most, peak[frame]!);
        body = Math.max(body, mean[frame]!);
      }
      const heard = track.speech[Math.floor((first / rate) * TICK_RATE)] ?? 0;
      pen.fillStyle = this.shade(first / rate, heard);
      pen.globalAlpha = heard >= SPEAKS ? 0.45 : 0.2;
      pen.fillRect(x, middle - Math.max(most * half, 0.5), 1, 2 * Math.max(most * half, 0.5));
      pen.globalAlpha = heard >= SPEAKS ? 0.9 : 0.25;
      pen.fillRect(x, middle - body * half, 1, 2 * body * half);
    }
    pen.globalAlpha = 1;
  }

  private shade(time: number, speech: number): string {
    const emotion = this.track.analysed && speech >= SPEAKS ? this.states.at(time).emotion : UNKNOWN;
    return emotion === UNKNOWN ? this.look.theme("soft") : this.look.colour(emotion);
  }

  /** What the leg is believed to feel, as runs with their names, or their letters where there is less room. */
  private emotion({ top, height }: Row): void {
    const { view } = this;
    this.states.each(Math.max(view.start, 0), view.end, this.track.seconds, (emotion, from, to) => {
      if (to > from) this.labelled(emotion, view.x(from), view.x(to), top, height);
    });
  }

  private labelled(label: string, left: number, right: number, top: number, height: number): void {
    const { pen, look } = this;
    pen.fillStyle = look.colour(label);
    pen.globalAlpha = label === UNKNOWN ? 0.4 : 1;
    pen.fillRect(left, top, Math.max(right - left - 0.5, 0.5), height);
    pen.globalAlpha = 1;
    const room = right - left - 8;
    const words = [look.word(label), look.letter(label)].find((each) => pen.measureText(each).width <= room);
    if (words === undefined) return;
    pen.fillStyle = label === UNKNOWN ? look.theme("soft") : look.over(label);
    pen.fillText(words, left + 4, top + height / 2 + 0.5);
  }

  /** The probabilities of all labels as a band of colours, 10 a second where there is room; pale where the leg is silent. */
  private chances({ top, height }: Row): void {
    const { pen, view, track, look } = this;
    const buckets = bucketsOf(view, track.ticks);
    const speech = means(track.speech, buckets, track.ticks, 0);
    const shares = track.posterior.map((values) => means(values, buckets, track.ticks));
    const colours = track.labels.map((label) => look.colour(label));
    for (let at = 0; at < buckets.count; at += 1) {
      const time = (buckets.first + at * buckets.size) / TICK_RATE;
      const left = Math.round(view.x(time)), wide = Math.max(Math.round(view.x(time + buckets.size / TICK_RATE)) - left, 1);
      pen.globalAlpha = 0.16 + 0.84 * (speech[at]! >= 0 ? speech[at]! : 0);
      let from = top;
      for (let label = 0; label < shares.length; label += 1) {
        const share = shares[label]![at]!;
        if (!(share > 0.002)) continue;
        pen.fillStyle = colours[label]!;
        pen.fillRect(left, from, wide, share * height);
        from += share * height;
      }
    }
    pen.globalAlpha = 1;
  }

  private affect({ top, height }: Row): void {
    const { pen, look, track } = this;
    const y = (value: number) => top + height / 2 - value * (height / 2 - 2);
    pen.fillStyle = look.theme("line");
    pen.fillRect(0, Math.round(y(0)), this.width, 1);
    this.line(track.arousal, y, look.theme("soft"), 1.4, [4, 3]);
    this.line(track.valence, y, look.theme("ink"), 1.7);
  }

  private line(values: Float32Array, y: (value: number) => number, style: string, wide: number, dash: number[] = []): void {
    const { pen, view, track } = this;
    const buckets = bucketsOf(view, track.ticks);
    const curve = means(values, buckets, track.ticks);
    pen.strokeStyle = style;
    pen.lineWidth = wide;
    pen.setLineDash(dash);
    pen.beginPath();
    let drawing = false;
    curve.forEach((value, at) => {
      if (Number.isNaN(value)) {
        drawing = false;
        return;
      }
      const x = view.x((buckets.first + (at + 0.5) * buckets.size) / TICK_RATE);
      if (drawing) pen.lineTo(x, y(value));
      else pen.moveTo(x, y(value));
      drawing = true;
    });
    pen.stroke();
    pen.setLineDash([]);
  }

  private truths({ top, height }: Row): void {
    const { pen, view } = this;
    for (const { start, end, emotion } of this.truth?.segments ?? []) {
      const left = Math.max(view.x(start), 0), right = Math.min(view.x(end), this.width);
      if (right > left) this.labelled(emotion, left, right, top, height);
    }
    pen.strokeStyle = this.look.theme("ink");
    pen.lineWidth = 1.5;
    pen.setLineDash([5, 4]);
    for (const { time } of this.truth?.changes ?? []) {
      pen.beginPath();
      pen.moveTo(view.x(time), this.rows[0]!.height);
      pen.lineTo(view.x(time), top + height);
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  /** What never arrived or no engine heard is hatched; what came late has a dotted line above it. */
  private marks(height: number): void {
    const { pen, view, track, look } = this;
    const from = Math.max(0, Math.floor(view.start * TICK_RATE)), to = Math.min(track.ticks, Math.ceil(view.end * TICK_RATE));
    const begin = this.rows[0]!.height + GAP;
    for (const [bits, style, slant] of [[LOST, "bad", 8], [SKIPPED, "wait", -8]] as const) {
      pen.strokeStyle = look.theme(style);
      pen.globalAlpha = 0.5;
      pen.lineWidth = 1;
      for (const [start, end] of marked(track, bits, from, to)) {
        const left = Math.max(view.x(start), 0), right = Math.max(Math.min(view.x(end), this.width), left + 1.5);
        pen.save();
        pen.beginPath();
        pen.rect(left, begin, right - left, height - begin);
        pen.clip();
        pen.beginPath();
        for (let x = left - 12; x <= right + 12; x += 6) {
          for (let y = begin; y < height; y += 24) {
            pen.moveTo(x, y + 24);
            pen.lineTo(x + slant, y);
          }
        }
        pen.stroke();
        pen.restore();
      }
    }
    pen.globalAlpha = 0.9;
    pen.fillStyle = look.theme("wait");
    for (const [start, end] of marked(track, LATE, from, to)) {
      for (let x = Math.max(view.x(start), 0); x < Math.min(view.x(end), this.width); x += 4) pen.fillRect(x, begin, 2, 2);
    }
    pen.globalAlpha = 1;
  }
}

/** What both legs did together: talk-over as solid bars, long silences as lines, who interrupts as an arrow towards the other's lane. */
export function drawTogether(canvas: HTMLCanvasElement, view: View, look: Look, together: Conversation, legs: readonly string[]): void {
  const { pen, width, height } = penOf(canvas);
  const inSight = ({ start, end }: { start: number; end: number }) => end >= view.start && start <= view.end;
  pen.fillStyle = look.theme("soft");
  for (const silence of together.silences.filter(inSight)) {
    const left = view.x(silence.start), right = view.x(silence.end);
    pen.globalAlpha = 0.55;
    pen.fillRect(left, height / 2 - 0.5, right - left, 1);
    pen.fillRect(left, height / 2 - 3, 1, 6);
    pen.fillRect(right - 1, height / 2 - 3, 1, 6);
    pen.globalAlpha = 1;
    const words = `${Math.round(silence.end - silence.start)} s`;
    const wide = pen.measureText(words).width;
    if (right - left < wide + 14) continue;
    const from = Math.min(Math.max((left + right - wide) / 2, 4), width - wide - 4);
    pen.clearRect(from - 3, 0, wide + 6, height);
    pen.fillText(words, from, height / 2 + 0.5);
  }
  pen.fillStyle = look.theme("bad");
  for (const both of together.talkOver.filter(inSight)) {
    const left = view.x(both.start);
    pen.fillRect(left, height / 2 - 2.5, Math.max(view.x(both.end) - left, 2), 5);
  }
  for (const one of together.interruptions.filter(inSight)) {
    const x = view.x(one.start), up = legs.indexOf(one.by) > 0; // it points at who is interrupted
    pen.beginPath();
    pen.moveTo(x - 5, up ? height - 2 : 2);
    pen.lineTo(x + 5, up ? height - 2 : 2);
    pen.lineTo(x, up ? 1 : height - 1);
    pen.fill();
  }
}

export interface Strip {
  seconds: number;
  legs: readonly { states: States; seconds: number }[];
  alerts: readonly { severity: string; raisedAt: number }[];
  changes: readonly { time: number; status: string }[];
}

const MARKS = 11; // pixels above the legs

/** The whole of a call in a small place: what each leg was believed to feel, alerts as marks above, change points as lines. */
export function drawStrip(canvas: HTMLCanvasElement, look: Look, strip: Strip): { pen: CanvasRenderingContext2D; width: number; height: number } {
  const { pen, width, height } = penOf(canvas);
  const x = (time: number) => (time / strip.seconds) * width;
  const tall = (height - MARKS - 2) / Math.max(strip.legs.length, 1);
  strip.legs.forEach(({ states, seconds }, row) => {
    const top = MARKS + row * tall;
    pen.fillStyle = look.theme("canvas");
    pen.fillRect(0, top, width, tall - 2);
    states.each(0, strip.seconds, seconds, (emotion, from, to) => {
      pen.fillStyle = look.colour(emotion);
      pen.globalAlpha = emotion === UNKNOWN ? 0.3 : 1;
      pen.fillRect(x(from), top, Math.max(x(to) - x(from), 0.5), tall - 2);
    });
    pen.globalAlpha = 1;
  });
  pen.fillStyle = look.theme("ink");
  for (const change of strip.changes) if (change.status === "confirmed") pen.fillRect(Math.round(x(change.time)), MARKS - 5, 1.5, height);
  for (const alert of strip.alerts) {
    const at = x(alert.raisedAt);
    pen.fillStyle = look.theme(alert.severity === "critical" ? "bad" : alert.severity === "warning" ? "wait" : "info");
    pen.beginPath();
    pen.moveTo(at - 5, 0);
    pen.lineTo(at + 5, 0);
    pen.lineTo(at, 9);
    pen.fill();
  }
  return { pen, width, height };
}

/** The part of the strip that is in sight, and the cursor. */
export function drawWindow(canvas: HTMLCanvasElement, look: Look, strip: Strip, view: View, now: number): void {
  const { pen, width, height } = drawStrip(canvas, look, strip);
  const x = (time: number) => (time / strip.seconds) * width;
  pen.fillStyle = look.theme("card");
  pen.globalAlpha = 0.7;
  pen.fillRect(0, MARKS - 1, x(view.start), height);
  pen.fillRect(x(view.end), MARKS - 1, width, height);
  pen.globalAlpha = 1;
  pen.fillStyle = pen.strokeStyle = look.theme("accent");
  pen.lineWidth = 2;
  if (!view.whole) pen.strokeRect(x(view.start) + 1, MARKS - 1, Math.max(x(view.end) - x(view.start) - 2, 2), height - MARKS);
  pen.fillRect(Math.round(x(now)) - 1, 0, 2, height);
}

/** Times along the top. */
export function drawRuler(canvas: HTMLCanvasElement, view: View, look: Look, stamp: (time: number, digits: number) => string): void {
  const { pen, width, height } = penOf(canvas);
  const { times, digits } = view.ticks();
  for (const time of times) {
    const x = Math.round(view.x(time));
    pen.fillStyle = look.theme("line");
    pen.fillRect(x, height - 6, 1, 6);
    pen.fillStyle = look.theme("soft");
    const words = stamp(time, digits);
    if (x + 4 + pen.measureText(words).width <= width) pen.fillText(words, x + 4, height / 2);
  }
}
