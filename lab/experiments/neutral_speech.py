"""What an engine says of speech whose emotion does not change: the streams of `monitor/changes/nulls.py` that are most like it.

    python -m lab.experiments.neutral_speech CALLS [CALLS ...] [--model WEIGHTS]

CALLS are folders that `emotion-monitor evaluate` reads. Of each leg that never changes, two moments are taken of its logits:
the correlation of neighbouring ticks, and how much less they vary within an utterance than over the call. Both mix what is
within utterances with what is between them, so a leg is told by that pair of `Null.correlation` and `Null.between` whose
simulations, with the leg's own utterances, have the moments nearest to its own.
"""

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.calibration.nulls import SHORTEST, Null
from lab.experiments.change_detectors import Speech, speech
from monitor.changes.bayes import WARM_UP, unit
from monitor.changes.segments import PAUSE
from monitor.config import load_settings

CORRELATIONS = np.arange(0.3, 0.93, 0.05)
SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
DIRECTIONS = 1.3
WEIGHT = np.array([0.04, 0.06])
"""By how much the two moments of one kind of stream differ from leg to leg, roughly."""
FEWEST = 200
"""Ticks of speech that tell something of a leg."""
TRIES = 3

Floats = NDArray[np.float64]


def moments(ticks: Floats, utterances: Sequence[NDArray[np.int64]]) -> Floats:
    """Correlation of neighbouring ticks within utterances, and one minus the share of the variance that is within them."""
    centred = ticks - ticks.mean(0)
    before = np.concatenate([centred[each][:-1] for each in utterances])
    after = np.concatenate([centred[each][1:] for each in utterances])
    correlation = (before * after).sum() / np.sqrt((before**2).sum() * (after**2).sum())
    within = np.mean([ticks[each].var(0, ddof=1).sum() for each in utterances])
    return np.array([correlation, 1 - within / centred.var(0, ddof=1).sum()])


def fit(leg: Speech, rng: np.random.Generator) -> tuple[Null, Floats, float]:
    """The stream that is most like a leg, its spectrum (shares of variance), and the kurtosis of its utterances."""
    ticks = leg.logits - leg.logits.mean(1, keepdims=True)
    origin, scale = unit(ticks[:WARM_UP])
    ticks = (ticks - origin) / scale
    owner = np.cumsum(np.diff(leg.ticks, prepend=leg.ticks[0]) > PAUSE, dtype=np.int64)
    utterances = [np.flatnonzero(owner == number) for number in range(owner[-1] + 1)]
    utterances = [each for each in utterances if len(each) >= SHORTEST]
    heard = moments(ticks, utterances)

    def distance(null: Null) -> float:
        tries = [moments(null.over(owner, ticks.shape[1], rng), utterances) for _ in range(TRIES)]
        return float((((np.mean(tries, axis=0) - heard) / WEIGHT) ** 2).sum())

    likest = min((Null(float(one), DIRECTIONS, share) for one, share in product(CORRELATIONS, SHARES)), key=distance)
    spectrum = np.linalg.eigvalsh(np.cov(ticks.T))[::-1]
    means = np.stack([ticks[each].mean(0) for each in utterances])
    standard = (means - means.mean(0)) / (means.std(0) + 1e-9)
    return likest, spectrum / spectrum.sum(), float((standard**4).mean() - 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("calls", type=Path, nargs="+")
    parser.add_argument("--model", help="compact weights [those that ship]")
    arguments = parser.parse_args()
    _, legs = speech(arguments.calls, load_settings(flags={"engine.model": arguments.model, "log.level": "warning"}))
    still = [leg for leg in legs if not leg.true and len(leg.ticks) >= FEWEST]
    rng = np.random.default_rng(1)
    fitted = [fit(leg, rng) for leg in still]
    print(f"{len(still)} legs without change, {sum(len(leg.ticks) for leg in still) / 36000:.2f} h of speech")
    quantiles = (0.1, 0.25, 0.5, 0.75, 0.9)
    told = {
        "correlation of ticks": [null.correlation for null, _, _ in fitted],
        "share between utterances": [null.between for null, _, _ in fitted],
        "kurtosis of utterances": [kurtosis for _, _, kurtosis in fitted],
    }
    print("quantiles", quantiles)
    for name, values in told.items():
        print(name, np.quantile(values, quantiles).round(2).tolist())
    print("spectrum", np.mean([spectrum for _, spectrum, _ in fitted], axis=0).round(3).tolist())


if __name__ == "__main__":
    main()
