"""One recording through the whole streaming pipeline, without a store: what `run` would say of it, kept in memory.

Windows, inference, stitching, rounding, analysis and rules are those of a live call, in the order of a live call; only the
journal and the disk are left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.alerts.rules import RuleSet
from monitor.config import Settings
from monitor.events import Event, Frames, Leg, LegReport
from monitor.frame_format import LegFormat, joined
from monitor.pipeline.analysis import Analysed, CallAnalysis, analysed
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.intake import check_privacy, leg_format, open_listening
from monitor.pipeline.listening import MAX_AHEAD, advance
from monitor.pipeline.speaker import LegView
from monitor.pipeline.ticks import Tick, TickCutter
from monitor.sources.base import Source


@dataclass(frozen=True, slots=True, eq=False)
class LegHeard:
    """One leg of a recording, T frames and ceil(T / 5) ticks long. C and D are 0 where nothing may be inferred."""

    frames: Frames
    """From frame 0 on: logits (T, C), speech (T,), marks (T,), embedding (ceil(T / stride), D), D = 0 unless asked for."""
    format: LegFormat
    """Of `frames`."""
    emotion: tuple[str, ...]
    """The emotion shown, a tick; `unknown` where the engine is not sure or nobody has spoken."""
    posterior: NDArray[np.float32]
    """Smoothed, shape (ticks, C)."""
    valence: NDArray[np.float32]
    """-1 to 1, shape (ticks,)."""
    arousal: NDArray[np.float32]
    """-1 to 1, shape (ticks,)."""
    audio: LegReport
    """What the source says of the leg's audio."""

    def __len__(self) -> int:
        return len(self.frames)

    def ticks(self) -> list[Tick]:
        """The frames as the analysis saw them: means over 100 ms, and whether they were heard."""
        return list(TickCutter(self.format).cut(self.frames)) if len(self.frames) else []


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """All that the pipeline said of one recording."""

    call: str
    seconds: float
    """Length of the timeline."""
    legs: Mapping[Leg, LegHeard]
    """In the order of `LEGS`."""
    events: tuple[Event, ...]
    """States, change points and alerts, in the order in which a supervisor would have seen them."""


class _LegRecord:
    """What one leg says, as it comes."""

    def __init__(self, leg: Leg, leg_format: LegFormat, embeddings: bool) -> None:
        self.leg = leg
        self.format = leg_format if embeddings else replace(leg_format, dim=0)
        self._runs: list[Frames] = []
        self._views: list[LegView] = []

    def add(self, frames: Frames) -> None:
        self._runs.append(replace(frames, embedding=frames.embedding[:, : self.format.dim]))

    def look(self, views: Sequence[LegView]) -> None:
        self._views.extend(views)

    def heard(self, call: str, audio: LegReport) -> LegHeard:
        views = self._views
        return LegHeard(
            frames=joined(self._runs) if self._runs else _no_frames(call, self.leg, self.format),
            format=self.format,
            emotion=tuple(view.emotion for view in views),
            posterior=np.array([view.posterior or (0.0,) * self.format.classes for view in views], np.float32).reshape(
                len(views), self.format.classes
            ),
            valence=np.array([view.valence for view in views], np.float32),
            arousal=np.array([view.arousal for view in views], np.float32),
            audio=audio,
        )


class _Record:
    """What a call says, as it comes."""

    def __init__(self, call: str, formats: Mapping[Leg, LegFormat], embeddings: bool) -> None:
        self._call = call
        self._legs = {leg: _LegRecord(leg, format_, embeddings) for leg, format_ in formats.items()}
        self._events: list[Event] = []

    def take(self, steps: Iterable[Analysed]) -> None:
        for step in steps:
            if step.frames is not None:
                self._legs[step.frames.leg].add(step.frames)
            self._events.extend(step.events)
            for leg, views in step.views.items():
                self._legs[leg].look(views)

    def hearing(self, seconds: float, audio: Mapping[Leg, LegReport]) -> Hearing:
        legs = {leg: record.heard(self._call, audio[leg]) for leg, record in self._legs.items()}
        return Hearing(self._call, seconds, legs, tuple(self._events))


def hear(
    source: Source, settings: Settings, rules: RuleSet, worker: InferenceWorker, *, call: str = "call", embeddings: bool = False
) -> Hearing:
    """Hear a source to its end, as fast as it goes. Call names and thus ids of events derive from `call`.

    Embeddings, most of the memory of a hearing, are dropped once they were analysed unless `embeddings` is set. Raises
    `SourceError` where the audio cannot be read to its end, and `ConfigError` where the source may not be analysed.
    """
    check_privacy(source, settings.privacy)
    formats = {leg: leg_format(leg, settings, worker.info) for leg in source.legs}
    listening = open_listening(call, formats, settings, rules, worker, live=False)
    record = _Record(call, formats, embeddings)
    try:
        for chunk in source.chunks():
            listening.push(chunk)
            record.take(advance([listening], MAX_AHEAD))
        listening.end()
        record.take([*advance([listening], most=0), listening.finish()])
    finally:
        listening.close()
    return record.hearing(listening.seconds, source.report())


def analysed_anew(hearing: Hearing, labels: tuple[str, ...], settings: Settings, rules: RuleSet) -> Hearing:
    """What would have been said of the same frames with other settings and rules: what `hear` with them would give.

    The frames of `hearing` must have their embeddings; `labels` are those of the engine that made them. Raises `ConfigError`
    where the settings name no detector.
    """
    formats = {leg: heard.format for leg, heard in hearing.legs.items()}
    analysis = CallAnalysis(hearing.call, formats, labels, settings.state, settings.changes, rules)
    record = _Record(hearing.call, formats, embeddings=True)
    record.take(analysed(analysis, [heard.frames for heard in hearing.legs.values() if len(heard)]))
    return record.hearing(hearing.seconds, {leg: heard.audio for leg, heard in hearing.legs.items()})


def _no_frames(call: str, leg: Leg, leg_format: LegFormat) -> Frames:
    nothing = np.zeros(0, np.float32)
    return Frames(
        call,
        leg,
        0,
        nothing.reshape(0, leg_format.dim),
        nothing.reshape(0, leg_format.classes),
        nothing,
        np.zeros(0, np.uint8),
        leg_format.stride,
    )
