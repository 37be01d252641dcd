"""One leg, tick by tick: its emotion state, its change points, whether it speaks.

In two steps. What a leg sounds like follows from its own ticks alone; there the numbers are, and the legs of many calls are
taken together (`sound_together`). Then each call tells what came of it, leg by leg (`Speaker.update`).
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from monitor.affect.posterior import softmax
from monitor.affect.speaker import Affect, SpeakerAffect, update_together
from monitor.alerts.moment import NOTHING_LEARNED, LegMoment
from monitor.audio.level import UNKNOWN
from monitor.changes.base import Detection, Detector
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


@dataclass(slots=True)
class Sounded:
    """What a leg sounds like in a tick. Not frozen, likewise."""

    tick: Tick
    heard: bool = False
    """Whether it is speech that may be inferred from."""
    before: Affect | None = None
    """The leg's emotion before; None where it may not be inferred."""
    now: Affect | None = None
    found: Sequence[Detection] | Exception = ()
    """By the detector, or what that raised."""


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
        self.affect = SpeakerAffect(labels, state) if inferred else None
        self.detector = open_detector(changes) if inferred else None
        self._learned = LearnedVoice(learned) if inferred and learned else None
        self._evidence: deque[tuple[int, NDArray[np.float64]]] = deque(maxlen=round(changes.buffer * TICK_RATE))
        self._silent = 0
        self._change: ChangePoint | None = None
        self.view = SILENT

    def attend(self, sounded: Sounded) -> bool:
        """Take the next tick of the leg: whether it is speech that may be inferred from. What it does to the emotion, and what
        the detector finds, is the caller's to find out, first to last; where it is none, that is known."""
        if self.affect is None:
            return False
        tick = sounded.tick
        sounded.before = self.affect.now
        sounded.heard = tick.heard and tick.speech >= self._threshold
        if not sounded.heard:
            sounded.now = self.affect.rest()
        return sounded.heard

    def update(self, sounded: Sounded, at: float) -> tuple[list[StateChanged | ChangePoint], LegMoment]:
        """Take what the leg sounds like in the next tick, which ends at `at` seconds; its events and what the rules see.

        Raises what its detector raised."""
        tick, before, now = sounded.tick, sounded.before, sounded.now
        if tick.known:
            self._silent = 0 if tick.speech >= self._threshold else self._silent + 1
        if before is None or now is None:
            self.view = replace(self.view, time=tick.time, speech=tick.speech)
            return [], LegMoment(known=tick.known, silent=self._silent, late=tick.late)
        changes = self._changes(tick, sounded.found, at) if sounded.heard else []
        likeness = self._likeness(tick if sounded.heard else None)
        self.view = LegView(
            tick.time, tick.speech, now.emotion, now.posterior, now.valence, now.arousal, likeness.heads, tick.level
        )
        said: list[StateChanged | ChangePoint] = [*changes]
        if now.emotion != before.emotion:
            said.insert(0, self._state_changed(before, now, tick, at))
        moment = LegMoment(now, sounded.heard, tick.known, self._silent, tuple(changes), self._change, likeness, tick.late)
        return said, moment

    def absent(self) -> LegMoment:
        """The leg has no frame here, as its audio ended before that of the other: it is silent."""
        self._silent += 1
        affect = self.affect.rest() if self.affect else None
        return LegMoment(affect, silent=self._silent, change=self._change, likeness=self._likeness(None))

    def finish(self, at: float) -> list[ChangePoint]:
        """The call is over."""
        return [self._change_point(found, at) for found in self.detector.finish()] if self.detector else []

    def _likeness(self, tick: Tick | None) -> Likeness:
        """Of a tick of speech, or of one without."""
        if self._learned is None:
            return NOTHING_LEARNED
        return self._learned.rest() if tick is None else self._learned.update(tick.embedding)

    def _changes(self, tick: Tick, found: Sequence[Detection] | Exception, at: float) -> list[ChangePoint]:
        self._evidence.append((tick.index, tick.logits))
        if isinstance(found, Exception):
            raise found
        return [self._change_point(one, at) for one in found]

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


class LegRun:
    """Ticks of a leg that follow each other, and what they sound like once `sound_together` has taken them."""

    def __init__(self, speaker: Speaker, ticks: Iterable[Tick]) -> None:
        self.speaker = speaker
        self.sounded = [Sounded(tick) for tick in ticks]


def sound_together(runs: Sequence[LegRun]) -> None:
    """Take the ticks of some legs, one of each at a time. A leg's runs must come in order.

    What comes of a leg does not depend on which others are taken with it, not by a digit.
    """
    legs: dict[Speaker, list[Sounded]] = {}
    for run in runs:
        legs.setdefault(run.speaker, []).extend(run.sounded)
    for step in range(max(map(len, legs.values()), default=0)):
        heard = [(speaker, ticks[step]) for speaker, ticks in legs.items() if step < len(ticks) and speaker.attend(ticks[step])]
        if heard:
            _feel_together(heard)
            _detect_together(heard)


def _feel_together(heard: Sequence[tuple[Speaker, Sounded]]) -> None:
    """Have a tick of speech of each of some legs move its emotion."""
    affects = [(speaker.affect, sounded) for speaker, sounded in heard if speaker.affect is not None]
    update_together([(affect, sounded.tick.logits) for affect, sounded in affects])
    for affect, sounded in affects:
        sounded.now = affect.now


def _detect_together(heard: Sequence[tuple[Speaker, Sounded]]) -> None:
    """Have their detectors take it."""
    alike: dict[type[Detector], list[tuple[Detector, Sounded]]] = {}
    for speaker, sounded in heard:
        if (detector := speaker.detector) is not None:
            alike.setdefault(type(detector), []).append((detector, sounded))
    for kind, some in alike.items():
        logits = kind.looks_at == "logits"
        seen = [(by, one.tick.index, one.tick.logits if logits else one.tick.embedding) for by, one in some]
        for (_, sounded), found in zip(some, kind.update_together(seen), strict=True):
            sounded.found = found
