"""Cuts a leg's audio into windows, so that each frame is wanted from exactly one of them.

Window `k` is asked for the frames `[k hop, (k + 1) hop)` as soon as `lookahead` frames after them have come, and reaches back
as far as `window` allows. The last window of a call takes what is left, with less right context, so the end is covered too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.audio.chunk import AudioChunk, Samples, joined
from monitor.config.sections import EngineSection
from monitor.engines.base import EngineInfo, Window
from monitor.errors import ConfigError
from monitor.timeline import FRAME_SAMPLES, TICK_FRAMES, frames_for, whole_frames

MAX_GROWTH = 3
"""Hops that overload may make of one: more would be later than a supervisor wants to know."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Lengths in frames."""

    window: int
    """What an engine sees at most."""
    hop: int
    """Frames wanted from a window. A multiple of TICK_FRAMES."""
    lookahead: int
    """Right context that a frame waits for."""

    def __post_init__(self) -> None:
        if self.hop < 1 or self.hop % TICK_FRAMES:
            raise ConfigError(f"engine.hop must be a positive multiple of {TICK_FRAMES} frames (0.1 s), got {self.hop} frames")
        if self.lookahead < 0:
            raise ConfigError(f"engine.lookahead must not be negative, got {self.lookahead} frames")
        if self.window < self.hop + self.lookahead:
            raise ConfigError(
                f"engine.window ({self.window * 0.02:g} s) must hold at least engine.hop + engine.lookahead "
                f"({(self.hop + self.lookahead) * 0.02:g} s)"
            )

    @property
    def growth(self) -> int:
        """Hops that one window may be asked for in overload.

        As many as a window has room for at its own length, so that more are computed at the cost of one. A window without
        room for two (a streaming engine's) grows along instead: its frames cost the same, fewer windows cost less.
        """
        room = (self.window - self.lookahead) // self.hop
        return min(room, MAX_GROWTH) if room > 1 else MAX_GROWTH

    @classmethod
    def of(cls, settings: EngineSection, info: EngineInfo) -> "Geometry":
        """The configured lengths, and the engine's own where none are configured."""

        def length(configured: float | None, own: float) -> int:
            return frames_for(own if configured is None else configured)

        return cls(
            length(settings.window, info.window), length(settings.hop, info.hop), length(settings.lookahead, info.lookahead)
        )


class WindowCutter:
    """One leg's trailing audio, and the windows that are due."""

    def __init__(self, geometry: Geometry, leg_id: int) -> None:
        self._geometry = geometry
        self._leg_id = leg_id
        self._pieces: list[Samples] = []
        """The audio from frame `_origin` on, joined where a window is due."""
        self._origin = 0
        self._stop = 0
        """One past the last sample taken."""
        self._next = 0

    @property
    def received(self) -> int:
        """Whole frames of audio taken so far."""
        return whole_frames(self._stop)

    @property
    def wants(self) -> int:
        """Whole frames of audio with which the next window is due."""
        return self._next + self._geometry.hop + self._geometry.lookahead

    def push(self, chunk: AudioChunk) -> Iterator[Window]:
        """Take the chunk that follows; the windows it completes."""
        if chunk.start != self._stop:
            raise ValueError(f"audio of the {chunk.leg} leg must go on at sample {self._stop}, got {chunk.start}")
        self._pieces.append(chunk.samples)
        self._stop = chunk.stop
        g, received = self._geometry, self.received
        if received < self.wants:
            return
        while received >= self.wants:
            yield self._window(self._next + g.hop, self.wants)
        self._forget()

    def finish(self) -> Iterator[Window]:
        """The window for the frames still owed when the audio is over; less than a frame of audio is left out."""
        if self.received > self._next:
            yield self._window(self.received, self.received, final=True)

    def _window(self, stop: int, end: int, final: bool = False) -> Window:
        start = max(0, end - self._geometry.window)
        samples = self._audio()[(start - self._origin) * FRAME_SAMPLES : (end - self._origin) * FRAME_SAMPLES]
        first, self._next = self._next, stop
        return Window(self._leg_id, start, samples, first, stop, final)

    def _audio(self) -> Samples:
        self._pieces = [joined(self._pieces)]
        return self._pieces[0]

    def _forget(self) -> None:
        g = self._geometry
        keep = max(0, min(self.wants, self.received) - g.window)
        if keep > self._origin:
            self._pieces = [self._audio()[(keep - self._origin) * FRAME_SAMPLES :].copy()]
            self._origin = keep
