"""Finds the coefficients of `monitor/changes/odds.py` by simulation: `python -m lab.calibration.odds`.

Calls without change (`nulls.py`) are followed to their end, and the highest posterior odds of each are noted. How many calls
stay below a threshold gives its rate of alarms (which come as a Poisson process: rare and, a call long, independent). The
logarithm of its Bayes factor is then fitted: at the default settings, of which the most calls are simulated, what is asked for
by default is what comes; slopes over the rate and over the settings are fitted around that, by least squares.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lab.calibration.nulls import LOGITS, Null, clock
from monitor.changes.bayes import WARM_UP, unit
from monitor.changes.bayes_options import BayesOptions
from monitor.changes.odds import prior_log_odds, terms
from monitor.changes.segments import Model, Segments
from monitor.timeline import TICK_RATE

CLASSES = 8
STREAM = 150 * TICK_RATE
"""Ticks of speech of a call, of which one side speaks about half the time."""
RATES = (1.0, 2.0, 4.0)
"""False alarms an hour for which thresholds are fitted: at the default settings, 8 an hour take odds below even."""
CENTRE = 8
"""Times as many calls at the default settings as at others."""


def highest(model: Model, null: Null, calls: int, seed: int) -> NDArray[np.float64]:
    """The highest log posterior odds of a change in each of so many calls without one."""
    return np.array([_highest(model, null, seed + number) for number in range(calls)])


def threshold_for(peaks: Sequence[NDArray[np.float64]], rate: float) -> float:
    """The log odds that calls with these highest ones pass `rate` times an hour of speech, as a mean over kinds of call."""
    candidates = np.sort(np.concatenate(peaks))
    hours = STREAM / TICK_RATE / 3600
    for candidate in candidates:
        below = [np.clip((one <= candidate).mean(), 1e-3, 1.0) for one in peaks]
        if np.mean([-np.log(share) for share in below]) / hours <= rate:
            return float(candidate)
    return float(candidates[-1])


def models(centre: Model) -> list[Model]:
    """The settings that are simulated: the centre, and each setting moved both ways."""
    return [
        centre,
        *(replace(centre, weight=weight) for weight in (0.0125, 0.05, 0.1)),
        *(replace(centre, contrast=contrast) for contrast in (1.0, 12.0)),
        *(replace(centre, hazard=hazard) for hazard in (0.0003, 0.003)),
    ]


def _highest(model: Model, null: Null, seed: int) -> float:
    ticks = null.stream(STREAM, seed, CLASSES)
    ticks = ticks - ticks.mean(axis=1, keepdims=True)
    origin, scale = unit(ticks[:WARM_UP])
    segments, best = Segments(model, CLASSES), -np.inf
    for number, one in zip(clock(STREAM, seed), ticks, strict=True):
        segments.update(int(number), (one - origin) / scale)
        best = max(best, segments.log_odds())
    return best


def main() -> None:
    """Prints the coefficients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=40, help="of each kind, for each setting")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    centre = BayesOptions().segment_model()
    found: list[tuple[Model, float, float]] = []
    with ProcessPoolExecutor() as pool:
        for model in models(centre):
            calls = arguments.calls * (CENTRE if model == centre else 1)
            peaks = list(pool.map(highest, *zip(*((model, null, calls, arguments.seed) for null in LOGITS), strict=True)))
            for rate in RATES:
                threshold = threshold_for(peaks, rate)
                print(model, f"{rate:g} alarms an hour: log odds {threshold:.2f}", flush=True)
                if threshold > prior_log_odds(model):
                    found.append((model, rate, float(np.log(threshold - prior_log_odds(model)))))
    coefficients = fitted(centre, found)
    print("COEFFICIENTS =", tuple(round(value, 3) for value in coefficients))
    for model, rate, value in found:
        told = float(np.exp(np.dot(coefficients, terms(model, rate)))) + prior_log_odds(model)
        print(model, f"{rate:g}: {told:.2f} for {np.exp(value) + prior_log_odds(model):.2f}")


def fitted(centre: Model, found: Sequence[tuple[Model, float, float]]) -> list[float]:
    """Coefficients for `terms`, from (model, rate, logarithm of the Bayes factor).

    The first is met by the centre at the default rate, the second is of the centre alone, the others of the other models.
    """
    rows = np.array([terms(model, rate) for model, rate, _ in found])
    values = np.array([value for _, _, value in found])
    at_centre = np.array([model == centre for model, _, _ in found])
    level = float(values[at_centre & (rows[:, 1] == 0)][0])
    steepness = _slopes(rows[at_centre, 1:2], values[at_centre] - level)
    others = _slopes(rows[~at_centre, 2:], values[~at_centre] - level - rows[~at_centre, 1:2] @ steepness)
    return [level, *steepness.tolist(), *others.tolist()]


def _slopes(rows: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    found, *_ = np.linalg.lstsq(rows, values, rcond=None)
    return np.asarray(found)


if __name__ == "__main__":
    main()
