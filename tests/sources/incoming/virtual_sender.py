"""A pushed call in virtual time: what is pushed when is written down, and nobody waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from monitor.audio.chunk import AudioChunk, Gap
from monitor.config.sections import IncomingSection
from monitor.events import Leg
from monitor.sources.incoming.pushed import PushedSource
from monitor.timeline import SAMPLE_RATE


def tone(seconds: float, level: float = 0.5) -> bytes:
    """Audio of one level, 16 kHz, so that it is heard as it is sent."""
    return np.full(round(seconds * SAMPLE_RATE), level * 32_768, "<i2").tobytes()


@dataclass
class Heard:
    """What a source gave, and when."""

    source: PushedSource
    chunks: list[tuple[float, AudioChunk]] = field(default_factory=list)
    """With the moment at which each came."""

    def audio(self, leg: Leg) -> np.ndarray:
        return np.concatenate([chunk.samples for _, chunk in self.chunks if chunk.leg == leg])

    def gaps(self, leg: Leg) -> list[tuple[float, float, str]]:
        """From, to and cause of each stretch that is not the sender's audio; pieces that touch are joined."""
        joined: list[tuple[float, float, str]] = []
        for gap in (gap for _, chunk in self.chunks if chunk.leg == leg for gap in chunk.gaps):
            joined = _join(joined, gap)
        return joined

    def seconds_by(self, leg: Leg, moment: float) -> float:
        """How far a leg was by a moment."""
        return max((chunk.stop for at, chunk in self.chunks if chunk.leg == leg and at <= moment), default=0) / SAMPLE_RATE


def _join(joined: list[tuple[float, float, str]], gap: Gap) -> list[tuple[float, float, str]]:
    start, stop = gap.start / SAMPLE_RATE, (gap.start + gap.length) / SAMPLE_RATE
    if joined and joined[-1][1:] == (start, gap.cause):
        return [*joined[:-1], (joined[-1][0], stop, gap.cause)]
    return [*joined, (start, stop, gap.cause)]


Said = Callable[[PushedSource], None]


def push(leg: Leg, seconds: float, level: float = 0.5) -> Said:
    return lambda source: source.push(leg, tone(seconds, level))


def hear(said: Sequence[tuple[float, Said]], legs: Sequence[Leg] = ("customer", "agent"), **settings: float) -> Heard:
    """Have everything said at its moment, and the end after the last; take it all."""
    now = 0.0
    waiting = [*said, (said[-1][0], lambda source: source.end())]

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds
        while waiting and waiting[0][0] <= now:
            waiting.pop(0)[1](source)

    section = IncomingSection(**{"inactivity": 86_400, **settings})
    source = PushedSource(legs, SAMPLE_RATE, "s16le", "virtual", section, clock=lambda: now, wait=wait)
    heard = Heard(source)
    for chunk in source.chunks():
        heard.chunks.append((now, chunk))
    return heard
