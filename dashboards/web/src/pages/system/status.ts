// What /api/v1/status says.

export interface Status {
  version: string;
  engine: { name: string; model: string; version: string; licence: string; device: string; precision: string };
  /** Seconds. */
  window: { window: number; hop: number; lookahead: number };
  calls: number;
  legs: number;
  inference: {
    queued: number;
    legs_waiting: number;
    windows: number;
    failed: number;
    given_up: number;
    late: number;
    batch_size: number;
    hop_factor: number;
    frames_skipped: Record<string, number>;
    latency_p50: number;
    latency_p95: number;
    latency_p95_by_urgency: Record<"quiet" | "speaking" | "urgent", number>;
    busy_seconds: number;
    failing: boolean;
  };
  open_alerts: number;
  store_errors: Record<string, string>;
  journal_seq: number;
  descriptors: { open: number; limit: number };
  closing: boolean;
  limits: { calls: number; latency: number };
  sources: {
    codecs: readonly { codec: string; legs: number; packets: number; lost: number; late: number; refused: number; jitter: number }[];
    worst: readonly { call: string; leg: string; codec: string; packets: number; lost: number; late: number; refused: number; loss: number; jitter: number }[];
  };
  sinks: readonly { name: string; lag: number; delivered: number; failed: number; retried: number; dead_lettered: number }[];
  websocket: { clients: number; sent: number; lagged: number; dropped: number };
}

/** Share of a time in which the engine computed, from two looks at it; null where there is no time between. */
export function busyShare(before: { ms: number; status: Status } | null, now: { ms: number; status: Status }): number | null {
  if (!before || now.ms <= before.ms) return null;
  const spent = now.status.inference.busy_seconds - before.status.inference.busy_seconds;
  return Math.min(1, Math.max(0, spent / ((now.ms - before.ms) / 1000)));
}

/** What is amiss, as words of the catalogue with what they tell; worst first. */
export function amiss(status: Status): readonly { word: "system.closing" | "system.failing" | "system.store" | "system.overload" | "system.sink"; values: Record<string, string | number> }[] {
  const sinks = status.sinks.filter((sink) => sink.dead_lettered > 0 || sink.lag > 100);
  const stores = Object.entries(status.store_errors);
  return [
    ...(status.closing ? [{ word: "system.closing" as const, values: {} }] : []),
    ...(status.inference.failing ? [{ word: "system.failing" as const, values: {} }] : []),
    ...stores.slice(0, 3).map(([call, reason]) => ({ word: "system.store" as const, values: { call, reason } })),
    ...(status.inference.hop_factor > 1.05 ? [{ word: "system.overload" as const, values: { factor: status.inference.hop_factor.toFixed(1) } }] : []),
    ...sinks.map((sink) => ({ word: "system.sink" as const, values: { name: sink.name, lag: sink.lag, given_up: sink.dead_lettered } })),
  ];
}
