"""One leg, tick by tick: its emotion state, its change points, whether it speaks."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from monitor.affect.posterior import softmax
from monitor.affect.speaker import Affect, SpeakerAffect
from monitor.alerts.moment import NOTHING_LEARNED, LegMoment
from monitor.audio.level import UNKNOWN
from monitor.changes.base import Detection
from monitor.changes.registry import open_detector
from monitor.config.sections import ChangesSection, StateSection
from monitor.events import ABSTAIN, ChangePoint, Leg, StateChanged
from monitor.learned.learned import Learned
from monitor.learned.voice import LearnedVoice, Likeness
from monitor.pipeline.ticks import Tick
from monitor.timeline import TICK_RATE


@dataclass(slots=True)
class LegView:
    """A leg as a live page shows it. Not frozen, as one is made for every tick, but nobody changes it."""

    time: float
    """Seconds from the start of the call to the start of the tick."""
    speech: float
    """Probability, mean of the tick."""
    emotion: str
    posterior: tuple[float, ...]
    """Smoothed, in the order of the engine's labels; empty where nothing may be inferred."""
    valence: float
    arousal: float
    heads: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """What each head says, in the order of its labels; one that has not heard enough is left out."""
    level: int = UNKNOWN
    """How loud the tick is (`audio/level.py`)."""


SILENT = LegView(0.0, 0.0, ABSTAIN, (), 0.0, 0.0)
"""A leg before its first tick."""


class Speaker:
    """Analyses one leg of a call."""

    def __init__(
        self,
        call: str,
        leg: Leg,
        labels: tuple[str, ...],
        inferred: bool,
        state: StateSection,
        changes: ChangesSection,
        learned: Learned,
    ) -> None:
        self._call = call
        self._leg = leg
        self._labels = labels
        self._threshold = state.speech_threshold
        self._leave = state.leave
        self._affect = SpeakerAffect(labels, state) if inferred else None
        self._detector = open_detector(changes) if inferred else None
        self._learned = LearnedVoice(learned) if inferred else None
        self._evidence: deque[tuple[int, NDArray[np.float64]]] = deque(maxlen=round(changes.buffer * TICK_RATE))
        self._silent = 0
        self._change: ChangePoint | None = None
        self.view = SILENT

    def update(self, tick: Tick, at: float) -> tuple[list[StateChanged | ChangePoint], LegMoment]:
        """Take the next tick, which ends at `at` seconds; its events and what the rules see."""
        speaking = tick.speech >= self._threshold
        if tick.known:
            self._silent = 0 if speaking else self._silent + 1
        if self._affect is None:
            self.view = replace(self.view, time=tick.time, speech=tick.speech)
            return [], LegMoment(known=tick.known, silent=self._silent, late=tick.late)
        heard = tick.heard and speaking
        before = self._affect.now
        now = self._affect.update(tick.logits) if heard else self._affect.rest()
        changes = self._detect(tick, at) if heard else []
        likeness = self._likeness(tick if heard else None)
        self.view = LegView(
            tick.time, tick.speech, now.emotion, now.posterior, now.valence, now.arousal, likeness.heads, tick.level
        )
        said: list[StateChanged | ChangePoint] = [*changes]
        if now.emotion != before.emotion:
            said.insert(0, self._state_changed(before, now, tick, at))
        return said, LegMoment(now, heard, tick.known, self._silent, tuple(changes), self._change, likeness, tick.late)

    def absent(self) -> LegMoment:
        """The leg has no frame here, as its audio ended before that of the other: it is silent."""
        self._silent += 1
        affect = self._affect.rest() if self._affect else None
        return LegMoment(affect, silent=self._silent, change=self._change, likeness=self._likeness(None))

    def finish(self, at: float) -> list[ChangePoint]:
        """The call is over."""
        return [self._change_point(found, at) for found in self._detector.finish()] if self._detector else []

    def _likeness(self, tick: Tick | None) -> Likeness:
        """Of a tick of speech, or of one without."""
        if self._learned is None:
            return NOTHING_LEARNED
        return self._learned.rest() if tick is None else self._learned.update(tick.embedding)

    def _detect(self, tick: Tick, at: float) -> list[ChangePoint]:
        if self._detector is None:
            return []
        self._evidence.append((tick.index, tick.logits))
        seen = tick.logits if self._detector.looks_at == "logits" else tick.embedding
        return [self._change_point(found, at) for found in self._detector.update(tick.index, seen)]

    def _change_point(self, found: Detection, at: float) -> ChangePoint:
        change = ChangePoint(
            call=self._call,
            leg=self._leg,
            time=found.tick / TICK_RATE,
            at=at,
            id=f"{self._call}:{self._leg}:cp{found.number}",
            status=found.status,
            strength=round(found.strength, 3),
            before=self._label(found.since, found.tick),
            after=self._label(found.tick, None),
        )
        if found.status == "confirmed":
            self._change = change
        return change

    def _label(self, first: int, stop: int | None) -> str:
        """The emotion over a stretch: that of its mean logits, which are the logits of the stretch as one utterance."""
        rows = [row for index, row in self._evidence if index >= first and (stop is None or index < stop)]
        if not rows:
            return ABSTAIN
        posterior = softmax(np.add.reduce(np.stack(rows), axis=0) / len(rows))
        best = int(posterior.argmax())
        return self._labels[best] if posterior[best] >= self._leave else ABSTAIN

    def _state_changed(self, before: Affect, now: Affect, tick: Tick, at: float) -> StateChanged:
        confidence = now.posterior[self._labels.index(now.emotion)] if now.emotion != ABSTAIN else 0.0
        return StateChanged(
            call=self._call,
            leg=self._leg,
            time=tick.time,
            at=at,
            emotion=now.emotion,
            previous=before.emotion,
            confidence=round(confidence, 4),
            valence=round(now.valence, 4),
            arousal=round(now.arousal, 4),
        )
