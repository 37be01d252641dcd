"""One leg of a call: its audio in, its frames out, in order and without a hole.

Two kinds share the interface: an inferred leg goes through the engine; a leg that may not be analysed is followed for speech
alone and never reaches one.
"""

from abc import ABC, abstractmethod
from collections import Counter, deque
from concurrent.futures import Future

import numpy as np

from monitor.audio.chunk import AudioChunk
from monitor.audio.speech import SpeechDetector
from monitor.engines.base import Window, WindowFrames
from monitor.errors import EngineError
from monitor.events import Frames, Leg, Mark
from monitor.frame_format import LegFormat
from monitor.pipeline.backlog import GivenUpError
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.marks import SourceMarks
from monitor.pipeline.stitch import Stitcher, skipped
from monitor.pipeline.urgency import Urgency
from monitor.pipeline.windows import Geometry, WindowCutter


class LegTrack(ABC):
    """What a call knows of one leg."""

    def __init__(self, call: str, leg: Leg, leg_format: LegFormat) -> None:
        self.leg = leg
        self.format = leg_format
        self.frames = 0
        """Frames given out."""
        self.skipped: Counter[str] = Counter()
        """Frames among them without an engine result, by cause."""
        self._marks = SourceMarks()
        self._stitcher = Stitcher(call, leg, leg_format)

    @abstractmethod
    def push(self, chunk: AudioChunk) -> None:
        """Take the audio that follows."""

    @abstractmethod
    def finish(self) -> None:
        """The audio is over; nothing is pushed after."""

    @abstractmethod
    def pending(self) -> int:
        """Windows that wait for the engine."""

    @abstractmethod
    def collect(self, most: int | None = None) -> list[Frames]:
        """Frames that are ready; waits, where `most` is given, until no more than that many windows are pending."""

    @abstractmethod
    def hurry(self, urgency: Urgency) -> None:
        """Say how urgent the leg's windows are, should the engine not keep up."""

    def _stitch(self, first: int, result: WindowFrames, mark: Mark = Mark.NONE) -> list[Frames]:
        marks = self._marks.take(first, first + len(result.speech)) | np.uint8(mark)
        return self._count(self._stitcher.push(result, marks))

    def _count(self, runs: list[Frames]) -> list[Frames]:
        self.frames += sum(len(run) for run in runs)
        return runs


class InferredLeg(LegTrack):
    """A leg whose emotion may be inferred."""

    def __init__(
        self, call: str, leg: Leg, leg_format: LegFormat, worker: InferenceWorker, geometry: Geometry, live: bool
    ) -> None:
        super().__init__(call, leg, leg_format)
        self._worker = worker
        self._queue = worker.open_leg(live)
        self._cutter = WindowCutter(geometry, self._queue.context)
        self._asked: deque[tuple[Window, Future[WindowFrames]]] = deque()
        self._finished = False

    def push(self, chunk: AudioChunk) -> None:
        """Take the audio that follows; ask the engine for the windows it completes."""
        self._marks.add(chunk)
        for window in self._cutter.push(chunk):
            self._asked.append((window, self._worker.submit(self._queue, window)))

    def finish(self) -> None:
        """Ask for the frames still owed."""
        self._queue.over = True
        for window in self._cutter.finish():
            self._asked.append((window, self._worker.submit(self._queue, window)))
        self._finished = True

    def pending(self) -> int:
        """Windows asked for whose frames were not yet collected."""
        return len(self._asked)

    def collect(self, most: int | None = None) -> list[Frames]:
        """Frames whose windows are computed, or failed and are marked as skipped."""
        runs: list[Frames] = []
        while self._asked and (self._asked[0][1].done() or (most is not None and len(self._asked) > most)):
            window, future = self._asked.popleft()
            try:
                runs += self._stitch(window.first, future.result())
            except GivenUpError:
                runs += self._skip(window, "overload")
            except EngineError:
                runs += self._skip(window, "failed")
        if self._finished and not self._asked:
            runs += self._count(self._stitcher.finish())
        return runs

    def hurry(self, urgency: Urgency) -> None:
        """Say how urgent the leg's windows are; audio that is not live has time."""
        if self._queue.live:
            self._queue.urgency = urgency

    def _skip(self, window: Window, cause: str) -> list[Frames]:
        count = window.stop - window.first
        self.skipped[cause] += count
        return self._stitch(window.first, skipped(count, self.format), Mark.SKIPPED)


class SpeechOnlyLeg(LegTrack):
    """A leg whose emotion may not be inferred: speech activity and nothing else."""

    def __init__(self, call: str, leg: Leg, leg_format: LegFormat) -> None:
        super().__init__(call, leg, leg_format)
        self._detector = SpeechDetector()
        self._decided: list[WindowFrames] = []
        self._next = 0
        self._finished = False

    def push(self, chunk: AudioChunk) -> None:
        """Take the audio that follows."""
        self._marks.add(chunk)
        self._decide(self._detector.update(chunk.samples))

    def finish(self) -> None:
        """Decide the last frames."""
        self._decide(self._detector.finish())
        self._finished = True

    def pending(self) -> int:
        """Nothing ever waits for the engine."""
        return 0

    def collect(self, most: int | None = None) -> list[Frames]:
        """Frames whose speech is decided."""
        runs: list[Frames] = []
        for result in self._decided:
            runs += self._stitch(self._next, result)
            self._next += len(result.speech)
        self._decided.clear()
        if self._finished:
            runs += self._count(self._stitcher.finish())
        return runs

    def hurry(self, urgency: Urgency) -> None:
        """Nothing ever waits for the engine."""

    def _decide(self, speech: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        none = np.zeros((len(speech), 0), np.float32)
        self._decided.append(WindowFrames(none, none, speech))
