"""Live frames for pages: what each leg's analysis saw at its latest ticks, ten a second, as arrays."""

from collections.abc import Sequence
from typing import Any

from monitor.events import Leg
from monitor.learned.learned import Learned
from monitor.messages import FramesMessage, frames_message
from monitor.pipeline.analysis import Analysed
from monitor.pipeline.speaker import LegView
from monitor.timeline import TICK_RATE


class LiveFrames:
    """Makes the `frames` messages of one call."""

    def __init__(self, call: str, labels: tuple[str, ...], learned: Learned) -> None:
        self._call = call
        self._labels = labels
        self._heads = {name: head.labels for name, head in learned.heads.items()}
        self._latest: dict[Leg, LegView] = {}

    def messages(self, analysed: Analysed) -> list[FramesMessage]:
        """A message for each leg that went on."""
        self._latest |= {leg: views[-1] for leg, views in analysed.views.items()}
        return [self._message(leg, views) for leg, views in analysed.views.items()]

    def latest(self) -> dict[str, dict[str, Any]]:
        """The present state of each leg."""
        return {
            leg: {
                "emotion": view.emotion,
                "valence": round(view.valence, 3),
                "arousal": round(view.arousal, 3),
                "speech": round(view.speech, 3),
            }
            for leg, view in self._latest.items()
        }

    def _message(self, leg: Leg, views: Sequence[LegView]) -> FramesMessage:
        posteriors = [view.posterior for view in views if view.posterior]
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
            "valence": [round(view.valence, 3) for view in views],
            "arousal": [round(view.arousal, 3) for view in views],
        }
        if heads := {name: labels for name, labels in self._heads.items() if any(name in view.heads for view in views)}:
            content["heads"] = {
                name: {label: [_shown(view, name, column) for view in views] for column, label in enumerate(labels)}
                for name, labels in heads.items()
            }
        return frames_message(content)


def _shown(view: LegView, head: str, column: int) -> float | None:
    return round(view.heads[head][column], 3) if head in view.heads else None
