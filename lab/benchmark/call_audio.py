"""A load's audio: legs that speak half of the time, as in a call, made of a recorded call's turns."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from monitor.audio.chunk import Samples
from monitor.errors import SourceError
from monitor.events import Leg
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE, frames_for

PERIOD = 8.0
"""Seconds of a stretch of speech and the silence after it."""

_Turns = Mapping[str, Sequence[tuple[float, float]]]
"""Of each leg, start and end of what it says, in seconds."""


def demonstration(legs: Mapping[Leg, Samples], turns: Path) -> list[Samples]:
    """`half_silent` of a call whose turns are written down."""
    said: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for turn in json.loads(turns.read_text(encoding="utf-8")):
        said[turn["leg"]].append((turn["start"], turn["end"]))
    return half_silent(legs, said)


def half_silent(legs: Mapping[Leg, Samples], turns: _Turns, period: float = PERIOD) -> list[Samples]:
    """Of each leg its speech in stretches of half a `period`, each followed by as much of the leg's own silence.

    Every `period` seconds of what comes out, wherever they begin, are half silent. Raises `SourceError` where no turn is that
    long, or no silence.
    """
    half = frames_for(period / 2) * FRAME_SAMPLES
    made = []
    for leg, samples in legs.items():
        spans = [(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)) for start, end in turns.get(leg, ())]
        spoken = [samples[at : at + half] for start, end in spans for at in range(start, end - half + 1, half)]
        quiet = _quiet(samples, spans)
        if not spoken or not len(quiet):
            raise SourceError(f"the {leg} leg has no turn of {period / 2:g} s, or no silence, to make a load of")
        silence = np.resize(quiet, half)
        made.append(np.concatenate([piece for speech in spoken for piece in (speech, silence)]))
    return made


def whole_legs(legs: Mapping[Leg, Samples]) -> list[Samples]:
    """The legs of a recorded call as they are, in whole frames."""
    return [samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES] for samples in legs.values()]


def _quiet(samples: Samples, spans: Sequence[tuple[int, int]]) -> Samples:
    """What is not in a turn, nor within half a second of one."""
    keep, margin = np.ones(len(samples), bool), SAMPLE_RATE // 2
    for start, end in spans:
        keep[max(0, start - margin) : end + margin] = False
    return samples[keep]
