// What an evaluated call says (lab/pages/document.py), and the model that the lanes draw from it.
import { CallModel } from "../lib/lanes/call";
import type { Truth } from "../lib/lanes/paint";
import { States } from "../lib/lanes/states";
import { TICK_RATE } from "../lib/lanes/track";
import type { Severity } from "../lib/palette";

export type Figures = Record<string, number | string | null>;

/** First tick of each run of one label, and the label. */
export type Runs = [number, string][];

export interface AlertDocument {
  id: string; leg: string | null; rule: string; severity: Severity; message: string; evidence: Record<string, unknown>;
  time: number; raised_at: number; cleared_at: number | null; updates: number;
}

export interface ChangeDocument {
  id: string; leg: string; time: number; status: "provisional" | "confirmed" | "retracted";
  before: string; after: string; strength: number; known_at: number; settled_at: number | null;
}

export interface LegDocument {
  leg: string; analysed: boolean; codec: string; ticks: number; emotion: Runs;
  posterior: Record<string, number[]>; valence: number[]; arousal: number[]; speech: number[]; marks: number[];
  peak: number[]; rms: number[];
  segments: { start: number; end: number; emotion: string }[];
  true_changes: { time: number }[];
}

export interface CallDocument {
  call: string; seconds: number; engine: { name: string; model: string; licence?: string }; labels: string[]; frame_rate: number;
  legs: LegDocument[]; changes: ChangeDocument[]; alerts: AlertDocument[]; labelled: boolean; figures: Figures;
  recording: { name: string; link: string | null };
}

export interface RowDocument {
  call: string; page: string; seconds: number; legs: { leg: string; emotion: Runs; ticks: number }[];
  alerts: { rule: string; severity: string; raised_at: number }[]; changes: { time: number; status: string }[];
  labelled: boolean; figures: Figures;
}

export interface IndexDocument {
  engine: { name: string; model: string; licence?: string };
  calls: RowDocument[];
}

const LEAST_LOUD = 16; // a leg that is quieter is not drawn larger than this would be

export function modelOf(data: CallDocument): CallModel {
  const model = new CallModel({
    call: data.call, labels: data.labels, legs: data.legs.map((leg) => leg.leg),
    inferred: data.legs.filter((leg) => leg.analysed).map((leg) => leg.leg), live: false, seconds: data.seconds,
  });
  for (const leg of data.legs) {
    const track = model.track(leg.leg)!;
    track.put({ time: 0, rate: TICK_RATE, speech: leg.speech, posterior: leg.posterior, valence: leg.valence, arousal: leg.arousal, marks: leg.marks });
    const loudest = leg.peak.reduce((most, value) => Math.max(most, value), LEAST_LOUD);
    const scaled = (values: number[]) => Float32Array.from(values, (value) => value / loudest);
    track.outline = { rate: data.frame_rate, peak: scaled(leg.peak), mean: scaled(leg.rms) };
    model.states.set(leg.leg, statesOf(leg.emotion));
  }
  for (const alert of data.alerts) {
    model.findings.alerts.set(alert.id, {
      ...alert, call: data.call, raisedAt: alert.raised_at, clearedAt: alert.cleared_at, acknowledged: [], assigned: null, snoozed: null, judged: [],
    });
  }
  for (const change of data.changes) model.findings.changes.set(change.id, { ...change, knownAt: change.known_at, settledAt: change.settled_at });
  model.stored([], []);
  return model;
}

export function statesOf(runs: Runs): States {
  const states = new States();
  for (const [tick, emotion] of runs) states.add({ time: tick / TICK_RATE, emotion, confidence: 1 });
  return states;
}

export function truthsOf(data: CallDocument): Map<string, Truth> | null {
  return data.labelled ? new Map(data.legs.map((leg) => [leg.leg, { segments: leg.segments, changes: leg.true_changes }])) : null;
}

/** What is told of the whole of some calls. */
export function totals(calls: readonly { seconds: number; alerts: readonly unknown[]; changes: readonly { status: string }[] }[]): { seconds: number; alerts: number; changes: number; alertsAnHour: number; changesAnHour: number } {
  const seconds = calls.reduce((sum, call) => sum + call.seconds, 0);
  const alerts = calls.reduce((sum, call) => sum + call.alerts.length, 0);
  const changes = calls.reduce((sum, call) => sum + confirmed(call), 0);
  const hourly = (count: number) => (seconds ? (count / seconds) * 3600 : 0);
  return { seconds, alerts, changes, alertsAnHour: hourly(alerts), changesAnHour: hourly(changes) };
}

export const confirmed = (call: { changes: readonly { status: string }[] }): number => call.changes.filter((change) => change.status === "confirmed").length;
