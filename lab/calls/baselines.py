"""What the monitor's change points must beat, scored the same way on the same calls in the same run.

Where a baseline has a setting, it is the one that gives *it* the best F1 at 2 s on the very calls that are measured: hindsight
that the monitor does not have. Offline baselines also see a whole leg before they say anything, so they have no delay.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.calls.changes import DetectedChange, LegChanges, score_leg
from lab.calls.evidence import Evidence, LegEvidence
from lab.calls.figures import ChangeFigures, change_figures
from lab.calls.offline import Kernel, offline_changes
from lab.calls.score import CallScore
from monitor.events import Leg

PERIODS = range(2, 121)
"""Seconds tried for `every N seconds`."""
PENALTIES = {"linear": tuple(np.geomspace(1.0, 30_000.0, 46).tolist()), "rbf": tuple(np.geomspace(0.2, 200.0, 46).tolist())}
"""Penalties tried, a kernel."""

Found = Mapping[Leg, Sequence[DetectedChange]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a baseline reaches."""

    name: str
    about: str
    """How it was set."""
    setting: str
    """Which seconds or penalty; empty where there is nothing to set."""
    changes: ChangeFigures


def change_baselines(
    scores: Sequence[CallScore], evidence: Sequence[Evidence], progress: Callable[[str], object] = str
) -> list[Baseline]:
    """All baselines, `progress` being told each one's name as it is begun. `evidence` is in the order of `scores`."""
    found = []
    for name, about, candidates in _contenders(scores, evidence):
        progress(name)
        setting, figures = _best((setting, _score(scores, times)) for setting, times in candidates)
        found.append(Baseline(name, about.format(setting), setting, figures))
    return found


Candidates = Iterator[tuple[str, list[Found]]]


def _contenders(scores: Sequence[CallScore], evidence: Sequence[Evidence]) -> Iterator[tuple[str, str, Candidates]]:
    yield "no_change", "nothing ever changes", iter([("", [dict.fromkeys(score.legs, ()) for score in scores])])
    yield "every_n_seconds", "every {} s, best in hindsight", _periods(scores)
    yield "label_turns", "the emotion shown becomes another", iter([("", _turns(evidence))])
    yield from _offline("logits", evidence, lambda leg: leg.logits)
    if any(leg.embedding.shape[1] for call in evidence for leg in call.values()):
        yield from _offline("embedding", evidence, lambda leg: leg.embedding)


def _offline(
    name: str, evidence: Sequence[Evidence], signal: Callable[[LegEvidence], NDArray[np.float64]]
) -> Iterator[tuple[str, str, Candidates]]:
    kernels: tuple[Kernel, ...] = ("linear", "rbf")
    for kernel in kernels:
        about = f"KernelCPD ({kernel}) offline on {name}, penalty {{}}, best in hindsight"
        yield f"ruptures_{name}_{kernel}", about, _penalties(evidence, signal, kernel)


def _periods(scores: Sequence[CallScore]) -> Candidates:
    for period in PERIODS:
        yield str(period), [{leg: _at(np.arange(period, score.call.seconds, period)) for leg in score.legs} for score in scores]


def _turns(evidence: Sequence[Evidence]) -> list[Found]:
    return [{leg: of_leg.turns for leg, of_leg in call.items()} for call in evidence]


def _penalties(
    evidence: Sequence[Evidence], signal: Callable[[LegEvidence], NDArray[np.float64]], kernel: Kernel
) -> Candidates:
    scale = _scale([signal(leg) for call in evidence for leg in call.values()])
    penalties = PENALTIES[kernel]
    found = [
        {leg: offline_changes(of_leg.times, signal(of_leg) / scale, kernel, penalties) for leg, of_leg in call.items()}
        for call in evidence
    ]
    for index, penalty in enumerate(penalties):
        yield (
            f"{penalty:.0f}" if penalty >= 100 else f"{penalty:.3g}",
            [{leg: _at(times[index], known=np.inf) for leg, times in call.items()} for call in found],
        )


def _scale(signals: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Deviation of each column over all legs, so that no column and no leg counts for more than it varies."""
    spoken = [signal - signal.mean(axis=0) for signal in signals if len(signal)]
    if not spoken:
        return np.ones(1)
    whole = np.concatenate(spoken)
    return np.asarray(np.maximum(whole.std(axis=0), 1e-9))


def _at(times: Sequence[float] | NDArray[np.float64], known: float | None = None) -> list[DetectedChange]:
    return [DetectedChange(float(time), *([float(time) if known is None else known] * 2)) for time in times]


def _score(scores: Sequence[CallScore], found: Sequence[Found]) -> ChangeFigures:
    return change_figures([_legs(score, of_call) for score, of_call in zip(scores, found, strict=True)])


def _legs(score: CallScore, found: Found) -> list[LegChanges]:
    return [score_leg(leg, score.call.changes_of(leg), found[leg], score.call.seconds) for leg in score.legs]


def _best(candidates: Iterator[tuple[str, ChangeFigures]]) -> tuple[str, ChangeFigures]:
    """The first with the best F1 at 2 s, and of those the one with the fewest false alarms."""
    return max(candidates, key=lambda one: (one[1].f1_2s or 0.0, -(one[1].false_alarms_per_leg_hour or 0.0)))
