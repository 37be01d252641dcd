"""Finds the coefficients of `calibration.py` by simulation: `python -m monitor.changes.calibrate`.

Streams without change (`nulls.py`) are fed to the very detector, with a threshold that it never reaches, and the score of each
look is kept. For a threshold, an alarm is a look that reaches it and whose confirmation reaches it too; the buffer after an
alarm is passed over. The thresholds of several alarm rates and settings are then fitted by least squares. A quarter of an hour.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.changes.calibration import terms
from monitor.changes.kernel import EVERY, WARM_UP, KernelDetector
from monitor.changes.nulls import FAMILY, Null
from monitor.changes.procedure import Procedure
from monitor.timeline import TICK_RATE

HOUR = 3600 * TICK_RATE
RATES = (1.0, 3.0, 10.0, 30.0, 90.0)
"""Alarms an hour."""
STREAM = HOUR // 12
"""Ticks a stream: each has a warm-up of its own, as every leg has."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Scores of the looks at some streams without change."""

    scores: tuple[NDArray[np.float64], ...]
    procedure: Procedure

    def alarms_per_hour(self, threshold: float) -> float:
        """Confirmed alarms an hour of speech."""
        delay, rest = max(1, round(self.procedure.confirm / EVERY)), round(self.procedure.buffer / EVERY)
        alarms = sum(_alarms(scores >= threshold, delay, rest) for scores in self.scores)
        return alarms * HOUR / (EVERY * sum(len(scores) for scores in self.scores))

    def threshold(self, rate: float) -> float:
        """The threshold with `rate` alarms an hour, by bisection."""
        low, high = 0.5, 100.0
        for _ in range(30):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if self.alarms_per_hour(middle) > rate else (low, middle)
        return high


def look(procedure: Procedure, nulls: Sequence[Null], hours: float, seed: int) -> Looks:
    """Simulates `hours` of each of `nulls`."""
    streams = max(1, round(hours * HOUR / STREAM))
    return Looks(
        tuple(_scores(procedure, null.stream(WARM_UP + STREAM, seed + number)) for null in nulls for number in range(streams)),
        procedure,
    )


def _scores(procedure: Procedure, stream: NDArray[np.float64]) -> NDArray[np.float64]:
    detector = KernelDetector(procedure, math.inf)
    scores = []
    for tick, vector in enumerate(stream):
        detector.update(tick, vector)
        if tick >= WARM_UP and (tick - WARM_UP + 1) % EVERY == 0:
            scores.append(detector.score)
    return np.array(scores)


def _alarms(reached: NDArray[np.bool_], delay: int, rest: int) -> int:
    alarms = at = 0
    while at < len(reached) - delay:
        if reached[at] and reached[at + delay]:
            alarms += 1
            at += delay + rest
        else:
            at += 1 + delay * int(reached[at])
    return alarms


def procedures(centre: Procedure) -> list[Procedure]:
    """The settings that are simulated: the centre, and each setting moved both ways."""
    return [
        centre,
        *(replace(centre, dimensions=dimensions) for dimensions in (8, 64)),
        *(replace(centre, buffer=buffer) for buffer in (100, 300)),
        *(replace(centre, min_segment=segment) for segment in (20, 30)),
        *(replace(centre, confirm=confirm) for confirm in (5, 30)),
    ]


def main() -> None:
    """Prints the coefficients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0, help="of each kind of stream, for each setting")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rows, values = [], []
    for procedure in procedures(Procedure()):
        looks = look(procedure, FAMILY, arguments.hours, arguments.seed)
        for rate in RATES:
            rows.append(terms(procedure, rate))
            values.append(math.log(looks.threshold(rate)))
        found = values[-len(RATES) :]
        print(procedure, " ".join(f"{rate:g}/h: {math.exp(value):.2f}" for rate, value in zip(RATES, found, strict=True)))
    fitted, *_ = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)
    residual = np.array(rows) @ fitted - np.array(values)
    print("COEFFICIENTS =", tuple(round(float(value), 4) for value in fitted), "deviation", residual.std().round(4))


if __name__ == "__main__":
    main()
