"""What the compact engine costs: milliseconds of one core a leg-second, features, network and speech together.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m lab.experiments.compact_cost [--hop 0.4] [--seconds 20]

Processor time is counted, not the clock, so that other work on the machine shows less. *on hold*: legs of digital silence that
have come to rest.
"""

import argparse
import time

import numpy as np

from monitor.audio.chunk import Samples
from monitor.engines.base import Window
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.options import CompactOptions

REST = 6.4
"""Seconds that are not counted: digital silence has come to rest by then."""
MOST = 400.0
"""Leg-seconds in one stretch at most."""


def cost(engine: CompactEngine, samples: Samples, legs: int, hop: int, seconds: float) -> float:
    """Milliseconds a leg-second of `legs` legs at once that all hear `samples`, in windows of `hop` frames and the lookahead.

    The least of three stretches of `seconds`.
    """
    windows, uncounted = max(round(min(seconds, MOST / legs) * 50 / hop), 2), round(REST * 50 / hop)
    length = (hop + round(engine.info.lookahead * 50)) * 320
    leg_ids = [engine.open_leg() for _ in range(legs)]
    used = []
    for window in range(uncounted + 3 * windows):
        began = time.process_time()
        first = window * hop
        piece = samples[first * 320 % (len(samples) - length) :][:length]
        engine.infer([Window(leg_id, first, piece, first, first + hop) for leg_id in leg_ids])
        used.append(time.process_time() - began)
    for leg_id in leg_ids:
        engine.close_leg(leg_id)
    took = min(sum(used[end - windows : end]) for end in range(uncounted + windows, len(used) + 1, windows))
    return took * 1000 / (legs * windows * hop / 50)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hop", type=float, default=None, help="seconds between windows; default the engine's own")
    parser.add_argument("--seconds", type=float, default=20.0)
    args = parser.parse_args()
    began = time.perf_counter()
    engine = CompactEngine(CompactOptions())
    engine.warm_up()
    print(f"loaded and warm in {time.perf_counter() - began:.2f} s (imports not counted)")
    hop = round((args.hop or engine.info.hop) * 50)
    noise = (0.05 * np.random.default_rng(0).standard_normal(20 * 16_000)).astype(np.float32)
    print("| legs at once | ms of one core a leg-second | legs a core | ms on hold |\n|---:|---:|---:|---:|")
    for legs in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        heard, held = (cost(engine, sound, legs, hop, args.seconds) for sound in (noise, 0 * noise))
        print(f"| {legs} | {heard:.2f} | {1000 / heard:.0f} | {held:.2f} |", flush=True)


if __name__ == "__main__":
    main()
