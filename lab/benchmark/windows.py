"""A leg that never ends: recorded audio, over and over, cut into windows as the pipeline cuts it."""

import numpy as np

from monitor.audio.chunk import AudioChunk, Samples
from monitor.engines.base import Window
from monitor.pipeline.windows import Geometry, WindowCutter
from monitor.timeline import FRAME_SAMPLES


class EndlessLeg:
    """One leg's windows, one after the other."""

    def __init__(self, geometry: Geometry, leg_id: int, audio: Samples, begin: int = 0) -> None:
        """`begin`: sample of `audio` at which the leg begins, so that many legs are not in step."""
        self._geometry, self._audio, self._begin = geometry, audio, begin
        self._cutter = WindowCutter(geometry, leg_id)

    def next(self) -> Window:
        """The next window; it is asked for a hop of frames."""
        given = self._cutter.received
        frames = self._geometry.hop if given else self._geometry.hop + self._geometry.lookahead
        place = np.arange(given * FRAME_SAMPLES, (given + frames) * FRAME_SAMPLES)
        samples = self._audio[(place + self._begin) % len(self._audio)]
        (window,) = self._cutter.push(AudioChunk("customer", given * FRAME_SAMPLES, samples))
        return window


def first_windows(geometry: Geometry, leg_id: int, audio: Samples) -> list[Window]:
    """The windows of a leg that hears `audio` from its beginning, as long as they lie in it."""
    leg = EndlessLeg(geometry, leg_id, audio)
    frames = len(audio) // FRAME_SAMPLES - geometry.lookahead
    return [leg.next() for _ in range(max(1, frames // geometry.hop))]


def steady_windows(geometry: Geometry, audio: Samples, count: int) -> list[Window]:
    """So many windows of one leg in the middle of a call, all of full length."""
    leg = EndlessLeg(geometry, 0, audio)
    windows = [leg.next() for _ in range(-(-geometry.window // geometry.hop) + count)]
    return windows[-count:]
