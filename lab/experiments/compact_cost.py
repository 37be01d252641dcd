"""What the compact engine costs: milliseconds of one core a leg-second, features, network and speech together.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m lab.experiments.compact_cost [--hop 0.4] [--seconds 20]

Processor time is counted, not the clock, so that other work on the machine does not show.
"""

import argparse
import time

import numpy as np

from monitor.engines.base import Window
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.options import CompactOptions


def cost(engine: CompactEngine, legs: int, hop: int, seconds: float) -> float:
    """Milliseconds a leg-second of `legs` legs at once, windows of `hop` frames and the lookahead."""
    lookahead = round(engine.info.lookahead * 50)
    samples = (0.05 * np.random.default_rng(0).standard_normal(round(seconds * 16_000))).astype(np.float32)
    leg_ids = [engine.open_leg() for _ in range(legs)]
    total = len(samples) // 320 - lookahead
    began = time.process_time()
    for first in range(0, total - hop, hop):
        piece = samples[first * 320 : (first + hop + lookahead) * 320]
        engine.infer([Window(leg_id, first, piece, first, first + hop) for leg_id in leg_ids])
    return (time.process_time() - began) * 1000 / (legs * (total // hop) * hop / 50)


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
    print("| legs at once | ms of one core a leg-second | legs a core |\n|---:|---:|---:|")
    for legs in (1, 2, 4, 8, 16, 32, 64):
        milliseconds = min(cost(engine, legs, hop, args.seconds) for _ in range(3))
        print(f"| {legs} | {milliseconds:.2f} | {1000 / milliseconds:.0f} |")


if __name__ == "__main__":
    main()
