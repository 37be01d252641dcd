"""A worker as the front sees it: its process, the line to it, and its calls."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from monitor.errors import MonitorError
from monitor.messages import frames_message
from monitor.pipeline.awaited import Over as SourceOver
from monitor.sources.incoming.bridge import OnChange
from monitor.workers.audio_line import AudioOut, FarBridge
from monitor.workers.line import Line, LineDeadError
from monitor.workers.worker import Asked, AskedPushed, Begun, Followed, Look, Over, Seen, work
from monitor.workers.worker_call import WorkerCall

if TYPE_CHECKING:
    from monitor.workers.crew import Crew

log = structlog.get_logger(__name__)

FRESH = 0.25
"""Seconds for which a look at a worker serves all who ask."""
LOOK_PATIENCE = 5.0
"""Seconds within which a worker must answer a look; its calls are shown as they were, else."""
CLOSE_PATIENCE = 75.0
"""Seconds that a worker has to store its calls when the front stops."""


class Hand:
    """One worker."""

    def __init__(self, number: int, crew: "Crew", prepare: Callable[[], None] | None) -> None:
        self.number = number
        self.ready = threading.Event()
        self.dead = threading.Event()
        self.settled = threading.Event()
        """Whether it is known that it is ready, or dead."""
        self.leaving = False
        """Whether a defect has stopped its rounds: it ends its calls as interrupted, takes no other, and is ended."""
        self.calls: dict[str, WorkerCall] = {}
        self.beginning = 0
        """Calls on their way to it; under the crew's lock."""
        self.followed: dict[int, SourceOver] = {}
        """Sources of the configuration that it follows, by number: who is told when it does no longer."""
        self._crew = crew
        self._knowing = threading.Lock()
        """Guards which calls there are: that one has begun and that it is over may come at once."""
        self._over_already: dict[str, Over] = {}
        """How calls ended of which it is not known here that they began."""
        self._lost: Over | None = None
        """How all calls ended, once it is gone."""
        self._looking = threading.Lock()
        self._look: Look | None = None
        self._looked_at = float("-inf")
        self._news: dict[str, Callable[[Any], None]] = {
            "ready": lambda _: self._begun(),
            "appended": lambda _: crew.appended(),
            "live": lambda document: crew.tell_live(frames_message(document)),
            "sound": lambda said: self._sound(*said),
            "over": self._over,
            "begun": lambda said: self._found(*said),
            "followed": lambda said: self.let_go(*said),
            "how_far": lambda said: self.audio.hear(said),
            "placed": lambda said: self.audio.placed(*said),
            "rounds_stopped": lambda _: self._leave(),
        }
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        arguments = (theirs, crew.settings, crew.rules, prepare)
        self.process = context.Process(target=work, args=arguments, name=f"worker-{number}", daemon=True)
        self.process.start()
        theirs.close()
        self.line = Line(ours, answer=_nothing_is_asked, hear=self._hear, gone=lambda: crew.lost(self))
        self.audio = AudioOut(self.line)
        self.line.open()

    def begin(self, asked: Asked) -> WorkerCall:
        """Have it begin a call. Raises what the worker raises."""
        begun: Begun = self.line.ask("begin", asked)
        return self._known(begun, asked.metadata)

    def begin_pushed(self, asked: AskedPushed, on_change: OnChange) -> tuple[WorkerCall, FarBridge]:
        """Have it begin a call whose audio is brought to the front. Raises what the worker raises."""
        bridge = self.audio.bridge(asked.call, asked.audio, on_change)
        try:
            begun: Begun = self.line.ask("begin_pushed", asked)
        except MonitorError:
            self.audio.forget(asked.call)
            raise
        return self._known(begun, asked.metadata), bridge

    def _known(self, begun: Begun, metadata: Mapping[str, Any]) -> WorkerCall:
        call = WorkerCall(begun, metadata, self.line, lambda: self.seen(begun.call))
        with self._knowing:
            over = self._over_already.pop(call.id, None) or self._lost
            if over is None:
                self.calls[call.id] = call
        if over is not None:
            call.end(over.reason, over.error)
        return call

    def follow(self, asked: Followed, over: SourceOver) -> None:
        """Have it follow a source until its next call is `over`. Raises what the worker raises, and `LineDeadError`."""
        self.followed[asked.number] = over
        try:
            self.line.ask("follow", asked)
        except MonitorError:
            if self.followed.pop(asked.number, None) is not None:  # else it was told meanwhile
                raise

    @property
    def load(self) -> int:
        """Its calls, with those on their way and those for which it waits."""
        return max(len(self.calls), len(self.followed)) + self.beginning

    def look(self) -> Look | None:
        """How it is, at most `FRESH` old; the last that is known where it does not answer."""
        with self._looking:
            if self.ready.is_set() and not self.dead.is_set() and time.monotonic() - self._looked_at > FRESH:
                try:
                    self._look = self.line.ask("look", patience=LOOK_PATIENCE)
                except LineDeadError as error:
                    log.warning("worker_does_not_answer", worker=self.number, error=str(error))
                self._looked_at = time.monotonic()
            return self._look

    def trends(self) -> dict[str, dict[str, dict[str, list[Any]]]]:
        """See `Monitor`; empty where it does not answer."""
        if not self.calls or self.dead.is_set():
            return {}
        try:
            trends: dict[str, dict[str, dict[str, list[Any]]]] = self.line.ask("trends", patience=LOOK_PATIENCE)
        except LineDeadError as error:
            log.warning("worker_does_not_answer", worker=self.number, error=str(error))
            return {}
        return trends

    def seen(self, call: str) -> Seen | None:
        """How a call of it is; None before it was looked at."""
        look = self.look()
        return None if look is None else look.calls.get(call)

    def lose_calls(self) -> None:
        """It is gone, and its calls are closed in the store as interrupted."""
        with self._knowing:
            self._lost = Over("", "interrupted", LineDeadError("the worker that heard this call died"), None)
            calls, self.calls = self.calls, {}
        for call in calls.values():
            call.end(self._lost.reason, self._lost.error)

    def close(self) -> None:
        """End its calls, store them, end it."""
        if not self.ready.is_set():  # it has no calls
            self.process.kill()
        elif not self.dead.is_set():
            try:
                self.line.ask("close", patience=CLOSE_PATIENCE)
            except MonitorError as error:
                log.error("worker_not_closed", worker=self.number, error=str(error))
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
        self.line.close()

    def _hear(self, what: str, given: Any) -> None:
        self._news[what](given)

    def _begun(self) -> None:
        self.line.tell("attention", self._crew.attention.looks())
        self.ready.set()
        self.settled.set()
        log.info("worker_ready", worker=self.number, pid=self.process.pid)

    def _leave(self) -> None:
        self.leaving = True
        log.error("worker_hears_no_longer", worker=self.number, pid=self.process.pid, calls=sorted(self.calls))
        threading.Thread(target=self.close, name=f"{self.process.name}-leaves", daemon=True).start()

    def _sound(self, number: int, ticks: list[Any], over: str | None) -> None:
        for call in list(self.calls.values()):
            call.tap.take_sound(number, ticks, over)

    def _found(self, begun: Begun, metadata: Mapping[str, Any]) -> None:
        """A source that it follows has a call."""
        self._known(begun, metadata)

    def let_go(self, number: int, error: MonitorError | None) -> None:
        """A source is followed no longer."""
        if (over := self.followed.pop(number, None)) is not None:
            over(error)

    def _over(self, over: Over) -> None:
        if over.unstored is not None:
            self._crew.unstored[over.call] = over.unstored
        self.audio.forget(over.call)
        with self._knowing:
            call = self.calls.pop(over.call, None)
            if call is None:
                self._over_already[over.call] = over
        if call is not None:
            call.end(over.reason, over.error)


def _nothing_is_asked(what: str, given: Any) -> Any:
    raise MonitorError(f"the front answers no questions, such as {what} of {given}")
