"""Finds the coefficients of `monitor/changes/calibration.py` by simulation: `python -m lab.calibration.kernel`.

Streams without change (`nulls.py`) are fed to the very detector, at several thresholds and settings, and confirmed change
points are counted. The logarithm of the threshold is then fitted to that of the rate and to the settings, by least squares.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lab.calibration.nulls import EMBEDDINGS, Null
from monitor.changes.calibration import terms
from monitor.changes.kernel import WARM_UP, KernelDetector
from monitor.changes.procedure import Procedure
from monitor.timeline import TICK_RATE

THRESHOLDS = (3.0, 5.0, 8.0, 13.0)
FEWEST = 4
"""Alarms from which a rate is worth fitting."""
STREAM = 300 * TICK_RATE
"""Ticks of a stream, as long as a call; each has a warm-up of its own."""


def alarms(procedure: Procedure, threshold: float, null: Null, streams: int, seed: int) -> int:
    """Confirmed change points in `streams` streams without change."""
    return sum(_confirmed(KernelDetector(procedure, threshold), null, seed + number) for number in range(streams))


def alarms_per_hour(procedure: Procedure, threshold: float, nulls: Sequence[Null], minutes: float, seed: int) -> float:
    """Mean rate of confirmed change points over `minutes` of speech of each of `nulls`, in streams of five minutes."""
    streams = max(1, round(minutes * 60 * TICK_RATE / STREAM))
    found = sum(alarms(procedure, threshold, null, streams, seed) for null in nulls)
    return found * 3600 * TICK_RATE / (len(nulls) * streams * STREAM)


def procedures(centre: Procedure) -> list[Procedure]:
    """The settings that are simulated: the centre, and each setting moved both ways."""
    return [
        centre,
        *(replace(centre, dimensions=dimensions) for dimensions in (8, 64)),
        *(replace(centre, buffer=buffer) for buffer in (100, 300)),
        *(replace(centre, min_segment=segment) for segment in (5, 20)),
        *(replace(centre, confirm=confirm) for confirm in (5, 30)),
    ]


def _confirmed(detector: KernelDetector, null: Null, seed: int) -> int:
    stream = null.stream(WARM_UP + STREAM, seed)
    found = (one for tick, vector in enumerate(stream) for one in detector.update(tick, vector))
    return sum(one.status == "confirmed" for one in found)


def main() -> None:
    """Prints the coefficients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="of each kind of stream, for each setting and threshold")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rows, values = [], []
    for procedure in procedures(Procedure()):
        for threshold in THRESHOLDS:
            rate = alarms_per_hour(procedure, threshold, EMBEDDINGS, arguments.minutes, arguments.seed)
            print(procedure, f"threshold {threshold:g}: {rate:.1f} alarms an hour", flush=True)
            if rate * arguments.minutes / 60 * len(EMBEDDINGS) >= FEWEST:
                rows.append(terms(procedure, rate))
                values.append(math.log(threshold))
    fitted, *_ = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)
    residual = np.array(rows) @ fitted - np.array(values)
    print("COEFFICIENTS =", tuple(round(float(value), 4) for value in fitted), "deviation", residual.std().round(4))


if __name__ == "__main__":
    main()
