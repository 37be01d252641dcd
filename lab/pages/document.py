"""What the page of a call shows, as JSON-ready data: all that the pipeline said, beside what is true where that is known."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.calls.labelled import LabelledCall
from lab.calls.report import row
from lab.calls.score import CallScore
from lab.hearing.hearing import Hearing, LegHeard
from lab.pages.findings import alerts, change_points
from lab.pages.sound import outline
from monitor.audio.chunk import Samples
from monitor.engines.base import EngineInfo
from monitor.events import Leg, Mark
from monitor.timeline import FRAME_RATE, TICK_FRAMES

_DIGITS = 3
_SHOWN = np.uint8(Mark.LOST | Mark.SKIPPED | Mark.LATE)

Figures = Mapping[str, float | int | str | None]
"""Name and value of what was measured of a call, as it shall be shown."""


def figures_of(score: CallScore) -> Figures:
    """What pages say of how right the monitor was about a call; what cannot be told of it is left out."""
    told = row(score)
    figures = {
        "EDER": None if told.eder is None else round(told.eder, 3),
        "anger warned of": f"{told.hits} of {told.blocks}" if told.blocks else None,
        "false alerts": told.false,
        "changes found": f"{told.right_2s} of {told.changes}" if told.changes else None,
    }
    return {name: value for name, value in figures.items() if value is not None}


def call_document(
    hearing: Hearing, engine: EngineInfo, audio: Mapping[Leg, Samples], truth: LabelledCall | None, figures: Figures
) -> dict[str, Any]:
    """Times in seconds from the start of the call. `audio`: each leg's samples, shape (n,), 16 kHz."""
    return {
        "call": hearing.call,
        "seconds": hearing.seconds,
        "engine": {"name": engine.name, "model": engine.model, "licence": engine.licence},
        "labels": list(engine.labels),
        "frame_rate": FRAME_RATE,
        "legs": [_leg(leg, heard, engine.labels, audio[leg], truth) for leg, heard in hearing.legs.items()],
        "changes": change_points(hearing.events),
        "alerts": alerts(hearing.events),
        "labelled": truth is not None,
        "figures": dict(figures),
    }


def _leg(leg: Leg, heard: LegHeard, labels: Sequence[str], samples: Samples, truth: LabelledCall | None) -> dict[str, Any]:
    peak, mean = outline(samples)
    analysed = heard.posterior.shape[1] > 0
    return {
        "leg": leg,
        "analysed": analysed,
        "codec": heard.audio.codec,
        "ticks": len(heard.emotion),
        "emotion": _runs(heard.emotion),
        "posterior": {label: _listed(heard.posterior[:, index]) for index, label in enumerate(labels) if analysed},
        "valence": _listed(heard.valence) if analysed else [],
        "arousal": _listed(heard.arousal) if analysed else [],
        "speech": _listed(_tick_means(heard.frames.speech)),
        "marks": _tick_marks(heard.frames.marks),
        "peak": peak,
        "rms": mean,
        "segments": [
            {"start": segment.start, "end": segment.end, "emotion": segment.emotion}
            for segment in (truth.segments if truth else ())
            if segment.leg == leg
        ],
        "true_changes": [
            {"time": change.time, "before": change.before, "after": change.after}
            for change in (truth.changes if truth else ())
            if change.leg == leg
        ],
    }


def _runs(emotion: Iterable[str]) -> list[tuple[int, str]]:
    """First tick of each run of one label, and the label."""
    return [(next(iter(run))[0], label) for label, run in groupby(enumerate(emotion), key=lambda pair: pair[1])]


def _tick_means(speech: NDArray[np.float32]) -> NDArray[np.float32]:
    if len(speech) == 0:
        return speech
    edges = np.arange(0, len(speech), TICK_FRAMES)
    counts = np.diff(np.append(edges, len(speech)))
    return np.asarray(np.add.reduceat(speech, edges) / counts, dtype=np.float32)


def _tick_marks(marks: NDArray[np.uint8]) -> list[int]:
    """What never arrived, what no engine heard and what came late, a tick each."""
    if len(marks) == 0:
        return []
    return [int(mark) for mark in np.bitwise_or.reduceat(marks & _SHOWN, np.arange(0, len(marks), TICK_FRAMES))]


def _listed(values: NDArray[np.float32]) -> list[float]:
    return [round(value, _DIGITS) for value in values.tolist()]
