// A live call as the wallboard shows it.
import { seen, type BoardCall, type BoardLeg, type LiveCall, type StandingAlert } from "../../lib/calls.svelte";
import { agentOf, queueOf, textual, whoOf } from "../../lib/metadata";

export interface State {
  leg: string;
  emotion: string;
  confidence: number;
  /** Whether its emotion may be inferred. */
  inferred: boolean;
}

export interface Row {
  id: string;
  who: string;
  agent: string;
  queue: string;
  metadata: Record<string, string>;
  seconds: number;
  /** The leg that one looks at: the customer, or both together. */
  state: State;
  /** The other leg, where there is one. */
  other: State | null;
  alert: StandingAlert | null;
  /** Whether somebody has it in hand. */
  alertSeen: boolean;
  /** Seconds ago that it was said. */
  alertAge: number;
  /** Further alerts that stand. */
  more: number;
  /** Shares of the time spoken, leg by leg. */
  talk: readonly { leg: string; share: number }[];
  silence: number;
  overtalk: number;
  /** Share of packets lost, of the worst leg; null where none come. */
  lost: number | null;
  /** Seconds of sound that came and were lost here, of the worst leg. */
  overflow: number;
  /** Seconds that analysis is behind what came, beyond what it always is. */
  behind: number;
  /** What of it is not heard, in words of the service; "" where all is. */
  unheard: string;
  skipped: number;
  ended: string;
}

/** Behind for longer than a hop and a lookahead of any engine explain. */
const BEHIND = 3;
export function rowOf(call: LiveCall, board: BoardCall | undefined, ms: number): Row {
  const metadata = textual(call.started.metadata);
  const legs = call.started.legs;
  const main = legs.find((leg) => leg !== "agent") ?? legs[0] ?? "customer";
  const rest = legs.find((leg) => leg !== main);
  const seconds = board?.seconds ?? call.age(ms);
  const standing = call.standing(ms);
  const alert = standing[0] ?? null;
  const said = Object.entries(board?.legs ?? {}) as [string, BoardLeg][];
  const spoken = said.reduce((sum, [, leg]) => sum + leg.talk, 0);
  const losses = said.map(([, leg]) => leg.lost).filter((lost): lost is number => lost !== null);
  const backlog = Math.max(0, ...said.map(([, leg]) => leg.backlog));
  const skipped = call.skipped && call.skipped.until > seconds ? call.skipped : null;
  return {
    id: call.id,
    who: whoOf(metadata) || call.id,
    agent: agentOf(metadata),
    queue: queueOf(metadata),
    metadata,
    seconds,
    state: stateOf(call, board, main),
    other: rest === undefined ? null : stateOf(call, board, rest),
    alert,
    alertSeen: alert !== null && seen(alert, ms),
    alertAge: alert ? Math.max(0, seconds - alert.at) : 0,
    more: Math.max(0, standing.length - 1),
    talk: said.map(([leg, { talk }]) => ({ leg, share: spoken > 0 ? talk / spoken : 0 })),
    silence: board?.silence ?? 0,
    overtalk: board?.overtalk ?? 0,
    lost: losses.length ? Math.max(...losses) : null,
    overflow: Math.max(0, ...said.map(([, leg]) => leg.overflow)),
    behind: backlog > BEHIND ? backlog : 0,
    unheard: [...call.unheard.values()][0] ?? "",
    skipped: skipped?.seconds ?? 0,
    ended: call.ended?.reason ?? "",
  };
}

function stateOf(call: LiveCall, board: BoardCall | undefined, leg: string): State {
  const said = board?.legs[leg] ?? call.states.get(leg);
  const inferred = (call.started.inferred as readonly string[]).includes(leg);
  return { leg, emotion: said?.emotion ?? "unknown", confidence: said?.confidence ?? 0, inferred };
}

/** Whether a row has what is searched for in any of its words. */
export function matches(row: Row, text: string): boolean {
  const words = text.trim().toLowerCase().split(/\s+/);
  const all = [row.id, row.alert?.rule ?? "", row.alert?.message ?? "", ...Object.values(row.metadata)].join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}
