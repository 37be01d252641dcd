"""What baselines work on: each leg's ticks of speech, and the emotions that were shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.calls.changes import DetectedChange
from lab.hearing.hearing import Hearing, LegHeard
from monitor.events import ABSTAIN, Leg
from monitor.timeline import TICK_RATE


@dataclass(frozen=True, slots=True, eq=False)
class LegEvidence:
    """One leg. `n` ticks of 100 ms in which it speaks, the same that the monitor's own detector sees."""

    times: NDArray[np.float64]
    """Shape (n,), seconds."""
    logits: NDArray[np.float64]
    """Shape (n, C)."""
    embedding: NDArray[np.float64]
    """Shape (n, D); D is 0 where embeddings were not kept."""
    turns: tuple[DetectedChange, ...]
    """Moments at which the emotion shown became another one; `unknown` in between is no emotion."""


Evidence = Mapping[Leg, LegEvidence]
"""One call: its scored legs."""


def evidence(hearing: Hearing, legs: Sequence[Leg], speech_threshold: float) -> Evidence:
    """Of some legs of a hearing."""
    return {leg: _of_leg(hearing.legs[leg], speech_threshold) for leg in legs}


def _of_leg(leg: LegHeard, speech_threshold: float) -> LegEvidence:
    ticks = [tick for tick in leg.ticks() if tick.heard and tick.speech >= speech_threshold]
    return LegEvidence(
        times=np.array([tick.index / TICK_RATE for tick in ticks], dtype=np.float64),
        logits=np.array([tick.logits for tick in ticks]).reshape(len(ticks), leg.format.classes),
        embedding=np.array([tick.embedding for tick in ticks]).reshape(len(ticks), leg.format.dim),
        turns=turns(leg.emotion),
    )


def turns(emotions: Sequence[str]) -> tuple[DetectedChange, ...]:
    """Changes of the emotion shown, a tick each.

    >>> [change.time for change in turns(["unknown", "neutral", "unknown", "angry", "angry"])]
    [0.3]
    """
    found = []
    last = ABSTAIN
    for index, emotion in enumerate(emotions):
        if emotion in (ABSTAIN, last):
            continue
        if last != ABSTAIN:
            time = index / TICK_RATE
            found.append(DetectedChange(time, time + 1 / TICK_RATE, time + 1 / TICK_RATE))
        last = emotion
    return tuple(found)
