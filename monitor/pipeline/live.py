"""Live frames for pages: what each leg's analysis saw at its latest ticks, ten a second, as arrays."""

from collections.abc import Sequence
from typing import Any

from monitor.audio.level import LOUDEST, STEP, UNKNOWN
from monitor.events import Leg
from monitor.learned.learned import Learned
from monitor.messages import FramesMessage, frames_message
from monitor.pipeline.analysis import Analysed
from monitor.pipeline.speaker import SILENT, LegView
from monitor.timeline import TICK_RATE

TREND_STEP = 3.0
"""Seconds of a leg from one sample of its trend to the next."""
TREND_SAMPLES = 60
"""Samples that are kept: three minutes."""


class LiveFrames:
    """Makes the `frames` messages of one call, and keeps what a page that comes later must know of each leg."""

    def __init__(self, call: str, labels: tuple[str, ...], learned: Learned) -> None:
        self._call = call
        self._labels = labels
        self._heads = {name: head.labels for name, head in learned.heads.items()}
        self._recent: dict[Leg, tuple[LegView, ...]] = {}
        """The last second of each leg."""
        self._trends: dict[Leg, tuple[tuple[str, float, float], ...]] = {}
        """Emotion, valence, and highest speech probability of the second before, every `TREND_STEP`; inferred legs alone."""
        self._sampled: dict[Leg, int] = {}

    def follow(self, analysed: Analysed) -> None:
        """Take what the legs that went on saw."""
        for leg, views in analysed.views.items():
            self._recent[leg] = (*self._recent.get(leg, ()), *views)[-TICK_RATE:]
            step = int(views[-1].time / TREND_STEP)
            if step > self._sampled.get(leg, -1) and views[-1].posterior:
                self._sampled[leg] = step
                speech = max(view.speech for view in self._recent[leg])
                sample = (views[-1].emotion, views[-1].valence, speech)
                self._trends[leg] = (*self._trends.get(leg, ()), sample)[-TREND_SAMPLES:]

    def messages(self, analysed: Analysed) -> list[FramesMessage]:
        """A message for each leg that went on."""
        return [self._message(leg, views) for leg, views in analysed.views.items()]

    def latest(self) -> dict[str, dict[str, Any]]:
        """The present state of each leg."""
        return {leg: self._state(views[-1]) for leg, views in self._recent.items()}

    def recent(self, leg: Leg, speech_threshold: float) -> dict[str, Any]:
        """A leg's present state, as in `latest`, but `speech` is the share of its last second in which it spoke."""
        views = self._recent.get(leg, (SILENT,))
        spoke = sum(view.speech >= speech_threshold for view in views) / len(views)
        return {**self._state(views[-1]), "speech": round(spoke, 3)}

    def trends(self, speech_threshold: float) -> dict[str, dict[str, list[Any]]]:
        """What each leg that may be inferred was like over its last minutes: a sample every `TREND_STEP`, newest last."""
        return {
            leg: {
                "emotion": [emotion for emotion, _, _ in samples],
                "valence": [round(valence, 2) for _, valence, _ in samples],
                "spoke": [speech >= speech_threshold for _, _, speech in samples],
            }
            for leg, samples in self._trends.items()
        }

    def _state(self, view: LegView) -> dict[str, Any]:
        known = view.posterior and view.emotion in self._labels
        return {
            "emotion": view.emotion,
            "confidence": round(view.posterior[self._labels.index(view.emotion)], 3) if known else 0.0,
            "valence": _inferred(view, view.valence),
            "arousal": _inferred(view, view.arousal),
            "speech": round(view.speech, 3),
            "level": _level(view),
        }

    def _message(self, leg: Leg, views: Sequence[LegView]) -> FramesMessage:
        posteriors = [view.posterior for view in views if view.posterior]
        levels = [_level(view) for view in views]
        content = {
            "type": "frames",
            "call": self._call,
            "leg": leg,
            "time": views[0].time,
            "rate": TICK_RATE,
            "emotion": views[-1].emotion,
            "posterior": {
                label: [round(posterior[index], 3) for posterior in posteriors]
                for index, label in enumerate(self._labels if posteriors else ())
            },
            "speech": [round(view.speech, 3) for view in views],
            "valence": [_inferred(view, view.valence) for view in views],
            "arousal": [_inferred(view, view.arousal) for view in views],
            "level": levels if any(level is not None for level in levels) else [],
        }
        if heads := {name: labels for name, labels in self._heads.items() if any(name in view.heads for view in views)}:
            content["heads"] = {
                name: {label: [_shown(view, name, column) for view in views] for column, label in enumerate(labels)}
                for name, labels in heads.items()
            }
        return frames_message(content)


def _inferred(view: LegView, value: float) -> float | None:
    """None where nothing was inferred, so that nobody takes it for a leg that is heard to be even."""
    return round(value, 3) if view.posterior else None


def _level(view: LegView) -> float | None:
    """In dBFS."""
    return None if view.level == UNKNOWN else (view.level - LOUDEST) * STEP


def _shown(view: LegView, head: str, column: int) -> float | None:
    return round(view.heads[head][column], 3) if head in view.heads else None
