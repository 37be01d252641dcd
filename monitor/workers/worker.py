"""A worker: a process that hears calls, with an engine and a monitor of its own, on the store that the front serves.

It appends to the one journal like any process (`store/zarr/ledger.py`), and tells the front that it did.
"""

import gc
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import structlog
from threadpoolctl import threadpool_limits

from monitor.alerts.rules import RuleSet
from monitor.config import Settings
from monitor.config.sections import StaticSource
from monitor.engines.registry import load_engine
from monitor.errors import MonitorError
from monitor.messages import FramesMessage, RecordedMessage
from monitor.pipeline.allocator import GivingBack, keep_few_arenas
from monitor.pipeline.awaited import AwaitedCalls
from monitor.pipeline.call import LiveCall
from monitor.pipeline.descriptors import Descriptors, raise_limit
from monitor.pipeline.engine_processes import follow_the_first
from monitor.pipeline.in_progress import CallInProgress, Listening
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.inference_status import InferenceStatus
from monitor.pipeline.monitor import Monitor
from monitor.sources.base import Source
from monitor.sources.incoming.bridge import PushedAudio
from monitor.sources.incoming.pushed import PushedSource
from monitor.sources.registry import open_source
from monitor.store.registry import open_store
from monitor.workers.audio_line import AudioIn
from monitor.workers.line import Line

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that a worker is to begin."""

    kind: str
    options: Mapping[str, Any]
    call: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AskedPushed:
    """A call that a worker is to begin, whose audio is brought to the front."""

    audio: PushedAudio
    call: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Begun:
    """What the front must know of a call that a worker has begun."""

    call: str
    started_at: Any
    legs: tuple[Any, ...]
    endpoints: Mapping[Any, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A look at a call."""

    seconds: float
    summary: Mapping[str, Any]
    board: Mapping[str, Any]
    reports: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a worker."""

    calls: Mapping[str, Seen]
    inference: InferenceStatus
    room: bool
    """Whether it has descriptors for a further call."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A source of the configuration that a worker is to follow until its next call is over."""

    number: int
    source: StaticSource


@dataclass(frozen=True, slots=True)
class Over:
    """How a call ended."""

    call: str
    reason: str
    error: Any
    unstored: str | None
    """What of it no disk has, where that is so."""


class Worker:
    """The other end of the front's line."""

    def __init__(self, connection: Connection, settings: Settings, rules: RuleSet) -> None:
        threads = settings.engine.threads or 1
        threadpool_limits(threads)
        engine = settings.engine.model_copy(update={"threads": threads})
        settings = settings.model_copy(update={"engine": engine})
        loaded = load_engine(engine)
        loaded.warm_up()
        store = open_store(settings.store)
        self._settings = settings
        self._monitor = Monitor(settings, InferenceWorker.of(loaded, engine), store, front=False)
        self._monitor.take_rules(rules)
        self._listeners: dict[int, tuple[CallInProgress, Listening]] = {}
        self._sources: dict[int, Source] = {}
        self._audio = AudioIn()
        self._closed = threading.Event()
        self._answers: dict[str, Callable[[Any], Any]] = {
            "begin": self._begin,
            "begin_pushed": self._begin_pushed,
            "look": self._look,
            "trends": lambda _: self._monitor.trends(),
            "listen": self._listen,
            "follow": self._follow,
            "close": self._close,
        }
        self._news: dict[str, Callable[[Any], None]] = {
            "stop": lambda said: self._stop(*said),
            "audio": self._audio.take,
            "attention": self._monitor.attention.become,
            "rules": self._monitor.take_rules,
            "leave": self._leave,
            "leave_source": self._leave_source,
        }
        self._line = Line(
            connection, answer=lambda what, given: self._answers[what](given), hear=self._hear, gone=self._closed.set
        )
        self._audio.tell = self._line.tell
        self._monitor.on_live(self._tell_live)
        self._monitor.on_end(self._tell_end)
        self._monitor.on_end(GivingBack().soon)
        self._awaited = AwaitedCalls(self._monitor)
        self._monitor.when_rounds_stop = lambda: self._line.tell("rounds_stopped")
        store.journal.listen(self._tell_appended)

    def run(self) -> None:
        """Work until the front ends this, or is gone."""
        self._line.open()
        self._line.tell("ready")
        self._closed.wait()
        self._monitor.close()

    def _hear(self, what: str, given: Any) -> None:
        self._news[what](given)

    def _begin(self, asked: Asked) -> Begun:
        call = self._monitor.open_call(asked.kind, asked.options, call_id=asked.call, metadata=asked.metadata)
        return _begun(call)

    def _begin_pushed(self, asked: AskedPushed) -> Begun:
        audio = asked.audio
        source = PushedSource(audio.legs, audio.rate, audio.encoding, audio.description, self._settings.incoming)
        self._audio.open(asked.call, audio, source)
        try:
            return _begun(self._monitor.start_call(source, call_id=asked.call, metadata=asked.metadata))
        except BaseException:
            self._audio.forget(asked.call)
            raise

    def _follow(self, asked: Followed) -> None:
        static = asked.source
        self._monitor.check_room()
        source = open_source(static.kind, static.options, self._settings)
        self._sources[asked.number] = source

        def begun(call: LiveCall) -> None:
            self._line.tell("begun", (_begun(call), static.metadata))

        def over(error: MonitorError | None) -> None:
            del self._sources[asked.number]
            self._line.tell("followed", (asked.number, error))

        self._awaited.follow(source, static.call, static.metadata, over, begun=begun)

    def _leave_source(self, number: int) -> None:
        if (source := self._sources.get(number)) is not None:
            source.stop()

    def _look(self, _: None) -> Look:
        calls = {call.id: Seen(call.seconds, call.summary(), call.board(), call.reports()) for call in self._monitor.calls()}
        return Look(calls, self._monitor.inference.status(), Descriptors.now(self._monitor.store).calls > 0)

    def _stop(self, call: str, reason: str) -> None:
        for live in self._monitor.calls():
            if live.id == call:
                live.stop(reason)

    def _listen(self, asked: tuple[int, str]) -> None:
        number, call_id = asked
        call = self._monitor.call(call_id)
        # What came before this line was written is taken by the next change.
        listener = call.tap.open(lambda: self._pass_on(number))
        self._listeners[number] = (call, listener)
        self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if (there := self._listeners.get(number)) is None:
            return
        _, listener = there
        over = listener.reason
        self._line.tell("sound", (number, listener.take(), over))

    def _leave(self, number: int) -> None:
        if (there := self._listeners.pop(number, None)) is not None:
            call, listener = there
            call.tap.close(listener)

    def _close(self, _: None) -> None:
        self._monitor.close()
        self._closed.set()

    def _tell_live(self, message: FramesMessage) -> None:
        self._line.tell("live", message.as_message())

    def _tell_appended(self, message: RecordedMessage) -> None:
        self._line.tell("appended", message.seq)

    def _tell_end(self, call: LiveCall) -> None:
        self._audio.forget(call.id)
        self._line.tell("over", Over(call.id, call.reason, call.error, self._monitor.unstored.get(call.id)))


def _begun(call: CallInProgress) -> Begun:
    return Begun(call.id, call.started_at, call.legs, call.endpoints())


def work(connection: Connection, settings: Settings, rules: RuleSet, prepare: Callable[[], None] | None) -> None:
    """What the process of a worker does. `prepare` is called first, such as to say where log lines go."""
    follow_the_first()
    keep_few_arenas()
    if prepare is not None:
        prepare()
    raise_limit()
    worker = Worker(connection, settings, rules)
    gc.freeze()  # what is loaded stays: collections, which hold up all calls, need not look at it
    worker.run()
