"""One leg of a call: its audio in, its frames out, in order and without a hole.

Two kinds share the interface: an inferred leg goes through the engine; a leg that may not be analysed is followed for speech
alone and never reaches one.
"""

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from threading import Condition

import numpy as np

from monitor.audio.chunk import AudioChunk
from monitor.audio.level import LevelMeter
from monitor.audio.speech import SpeechDetector
from monitor.engines.base import Window, WindowFrames
from monitor.errors import EngineError
from monitor.events import Frames, Leg, Mark
from monitor.frame_format import LegFormat
from monitor.pipeline.backlog import GivenUpError, LegQueue
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.marks import SourceMarks
from monitor.pipeline.stitch import Stitcher, skipped
from monitor.pipeline.traces import Tracing, WindowTrace
from monitor.pipeline.urgency import Urgency
from monitor.pipeline.windows import Geometry, WindowCutter
from monitor.timeline import FRAME_SAMPLES


class LegTrack(ABC):
    """What a call knows of one leg."""

    def __init__(self, call: str, leg: Leg, leg_format: LegFormat, meter: LevelMeter | None = None) -> None:
        """`meter`: of a leg whose emotion may be inferred; how loud others are is nobody's business."""
        self.leg = leg
        self.format = leg_format
        self.frames = 0
        """Frames given out."""
        self.heard = 0
        """Samples taken."""
        self.skipped: Counter[str] = Counter()
        """Frames among them without an engine result, by cause."""
        self.traced: list[WindowTrace] = []
        """Of windows whose frames were given out, those that are followed."""
        self._marks = SourceMarks()
        self._stitcher = Stitcher(call, leg, leg_format, meter)

    def take_traced(self) -> list[WindowTrace]:
        """Those of `traced` that nobody has taken."""
        traced, self.traced = self.traced, []
        return traced

    def push(self, chunk: AudioChunk) -> None:
        """Take the audio that follows."""
        self.heard = chunk.stop
        self._marks.add(chunk)
        self._take(chunk)

    @abstractmethod
    def _take(self, chunk: AudioChunk) -> None:
        """Make of the audio what is to be made of it."""

    @property
    def wants(self) -> int:
        """Samples of its audio with which there is something to make of it."""
        return self.heard

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

    @abstractmethod
    def close(self) -> None:
        """Let go of what the engine keeps of the leg, whether or not the leg has come to its end. May be called twice."""

    def _stitch(self, first: int, result: WindowFrames, mark: Mark = Mark.NONE) -> list[Frames]:
        marks = self._marks.take(first, first + len(result.speech)) | np.uint8(mark)
        return self._count(self._stitcher.push(result, marks))

    def _count(self, runs: list[Frames]) -> list[Frames]:
        self.frames += sum(len(run) for run in runs)
        return runs


@dataclass(slots=True, eq=False)
class _Asked:
    """A window that was submitted."""

    window: Window
    trace: WindowTrace | None = None
    outcome: WindowFrames | EngineError | None = None
    """None until it is told."""


class InferredLeg(LegTrack):
    """A leg whose emotion may be inferred."""

    def __init__(
        self,
        call: str,
        leg: Leg,
        leg_format: LegFormat,
        worker: InferenceWorker,
        geometry: Geometry,
        live: bool,
        tracing: Tracing | None = None,
    ) -> None:
        self._meter = LevelMeter()
        super().__init__(call, leg, leg_format, self._meter)
        self._worker, self._geometry, self._live = worker, geometry, live
        self._call, self._tracing = call, tracing
        self._asked: deque[_Asked] = deque()
        self._told = Condition()
        self._finished = False

    @cached_property
    def _queue(self) -> LegQueue:
        """Opened with the first audio: a call that does not begin leaves nothing in the engine."""
        return self._worker.open_leg(self._live)

    @cached_property
    def _cutter(self) -> WindowCutter:
        return WindowCutter(self._geometry, self._queue.leg_id)

    @property
    def wants(self) -> int:
        """See `LegTrack`: a window."""
        return self._cutter.wants * FRAME_SAMPLES if self.heard else 0

    def _take(self, chunk: AudioChunk) -> None:
        """Ask the engine for the windows that the audio completes."""
        self._meter.push(chunk.samples)
        self._ask(self._cutter.push(chunk))

    def finish(self) -> None:
        """Ask for the frames still owed."""
        self._queue.over = True
        self._meter.finish()
        self._ask(self._cutter.finish())
        self._finished = True

    def pending(self) -> int:
        """Windows asked for whose frames were not yet collected."""
        return len(self._asked)

    def collect(self, most: int | None = None) -> list[Frames]:
        """Frames whose windows are computed, or failed and are marked as skipped."""
        runs: list[Frames] = []
        while self._asked:
            outcome = self._outcome(self._asked[0], wait=most is not None and len(self._asked) > most)
            if outcome is None:
                break
            asked = self._asked.popleft()
            window = asked.window
            if isinstance(outcome, WindowFrames):
                runs += self._stitch(window.first, outcome)
                if asked.trace is not None:
                    self.traced.append(asked.trace)
            else:
                runs += self._skip(window, "overload" if isinstance(outcome, GivenUpError) else "failed")
        if self._finished and not self._asked:
            runs += self._count(self._stitcher.finish())
        return runs

    def hurry(self, urgency: Urgency) -> None:
        """Say how urgent the leg's windows are; audio that is not live has time."""
        if self._live:
            self._queue.urgency = urgency

    def close(self) -> None:
        """Let go of what the engine keeps of the leg."""
        if "_queue" in vars(self):
            self._worker.close_leg(self._queue)

    def _ask(self, windows: Iterable[Window]) -> None:
        for window in windows:
            count = window.stop - window.first
            trace = None if self._tracing is None else self._tracing.window(self._call, self.leg, window.first, count)
            asked = _Asked(window, trace)
            self._asked.append(asked)
            self._worker.submit(self._queue, window, partial(self._tell, asked), trace)

    def _tell(self, asked: _Asked, outcome: WindowFrames | EngineError) -> None:
        """Called in the engine's thread."""
        with self._told:
            asked.outcome = outcome
            self._told.notify()

    def _outcome(self, asked: _Asked, wait: bool) -> WindowFrames | EngineError | None:
        if wait:
            with self._told:
                self._told.wait_for(lambda: asked.outcome is not None)
        return asked.outcome

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

    def _take(self, chunk: AudioChunk) -> None:
        """Decide where it is speech."""
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

    def close(self) -> None:
        """The engine keeps nothing of it."""

    def _decide(self, speech: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        none = np.zeros((len(speech), 0), np.float32)
        self._decided.append(WindowFrames(none, none, speech))
