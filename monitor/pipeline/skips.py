"""Which frames of a leg have no result of the engine, and why: said once no more come, or where they are many by now."""

from collections import Counter
from collections.abc import Mapping

from monitor.events import FramesSkipped, Leg
from monitor.timeline import frame_seconds, frames_for

REPORT_FRAMES = frames_for(5.0)
CAUSES: Mapping[str, str] = {
    "overload": "overload: the engine could not keep up with all legs",
    "failed": "the engine failed on these frames; the log says why",
    "store": "the store refused these frames for too long; the log says why",
}
"""For people."""


class Skips:
    """What has been said of one leg's skipped frames. Counts given to it are of the whole call, by cause."""

    def __init__(self, call: str, leg: Leg) -> None:
        self._call, self._leg = call, leg
        self._said: Counter[str] = Counter()
        self._before = 0

    def due(self, skipped: Counter[str], frames: int) -> list[FramesSkipped]:
        """What is to be said now, at the end of the leg's first `frames` frames. Asked once a step."""
        total = skipped.total()
        before, self._before = self._before, total
        unsaid = total - self._said.total()
        return self.rest(skipped, frames) if unsaid and (total == before or unsaid >= REPORT_FRAMES) else []

    def rest(self, skipped: Counter[str], frames: int) -> list[FramesSkipped]:
        """All that has not been said yet."""
        now, new = frame_seconds(frames), skipped - self._said
        self._said = Counter(skipped)
        return [
            FramesSkipped(call=self._call, leg=self._leg, time=now, at=now, frames=count, cause=CAUSES[cause])
            for cause, count in new.items()
        ]
