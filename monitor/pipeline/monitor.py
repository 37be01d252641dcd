"""The monitor: one engine behind its worker, one store, and the calls in progress."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import structlog

from monitor.alerts.configured import configured_rules
from monitor.alerts.rules import RuleSet
from monitor.config.sections import EngineSection, Settings
from monitor.errors import BusyError, NotFoundError, StoreError, TakenError
from monitor.events import CallStarted
from monitor.learned.engine_key import EngineKey
from monitor.messages import FramesMessage
from monitor.pipeline.attention import Attention
from monitor.pipeline.call import LiveCall
from monitor.pipeline.descriptors import Descriptors
from monitor.pipeline.handling import Handling
from monitor.pipeline.held_memory import HeldMemory
from monitor.pipeline.in_progress import CallInProgress
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.inference_status import InferenceStatus
from monitor.pipeline.intake import check_privacy, leg_format, open_listening
from monitor.pipeline.interrupted import close_interrupted
from monitor.pipeline.live import LiveFrames
from monitor.pipeline.monitor_status import MonitorStatus
from monitor.pipeline.open_alerts import OpenAlerts
from monitor.pipeline.recorder import CallRecorder
from monitor.pipeline.rounds import Heard, Rounds
from monitor.pipeline.snapshots import Snapshots, first_after
from monitor.pipeline.traces import open_tracing
from monitor.pipeline.windows import Geometry
from monitor.sources.base import Source
from monitor.sources.incoming.bridge import Bridge, OnChange, PushedAudio
from monitor.sources.incoming.pushed import PushedSource
from monitor.sources.registry import open_source
from monitor.store.base import CallRecord, CallWriter, Store
from monitor.store.call_id import check_call_id, new_call_id
from monitor.timeline import FRAME_RATE

log = structlog.get_logger(__name__)

CLOSING = "the monitor is stopping and takes no new call"
ROUNDS_STOPPED = "a defect in this program has stopped the hearing of calls (rounds_stopped in the log): restart the service"
LiveListener = Callable[[FramesMessage], None]


class Monitor:
    """Starts calls, knows the ones in progress, and ends them. All methods may be called from any thread."""

    def __init__(self, settings: Settings, inference: InferenceWorker, store: Store, *, front: bool = True) -> None:
        """Take over a worker with its engine, and a store; calls that a dead process left open are closed as interrupted.

        That is the business of the `front` of a service, not of its workers.

        Raises `ConfigError` where the windows or the rules of the configuration do not hold together.
        """
        self.settings = settings
        self.inference = inference
        self.store = store
        self.journal = store.journal
        info = inference.info
        self.geometry = Geometry.of(settings.engine, info)
        self.rules: RuleSet = configured_rules(settings, EngineKey(info.name, info.version, info.dim), info.labels)
        if unknown := self.rules.unknown_labels(info.labels):
            log.warning("rules_name_unknown_labels", labels=unknown, engine=info.name, known=info.labels)
        picked = {name: getattr(info, name) for name in ("name", "model", "licence", "device", "precision")}
        log.info("engine", **picked, options=settings.engine.model_dump(exclude={*EngineSection.model_fields}))
        self.attention = Attention()
        self.unstored: dict[str, str] = {}
        """Calls that ended without being stored whole, and why; what was committed of them is kept."""
        self.when_rounds_stop: Callable[[], None] = lambda: None
        """Called once, where a defect stops the hearing of calls; those in progress end as interrupted."""
        self._held_memory = HeldMemory()
        self._tracing = open_tracing(settings.telemetry)
        self._snapshot_thread = ThreadPoolExecutor(1, thread_name_prefix="snapshots")
        self._rounds = Rounds(lambda: self.when_rounds_stop())
        self._lock = threading.Lock()
        self._calls: dict[str, LiveCall] = {}
        self._beginning: set[str] = set()
        """Ids of calls that have a place, but nothing in the store yet."""
        self._leaving: set[LiveCall] = set()
        """That are over, whose end listeners are being told."""
        self._live_listeners: list[LiveListener] = []
        self._end_listeners: list[Callable[[LiveCall], None]] = []
        self._closing = False
        self._open_alerts = OpenAlerts()
        self._forget_alerts = self.journal.listen(self._open_alerts.take)
        self.handling = Handling(store, self._open_alerts, self._seconds_of)
        if front:
            close_interrupted(store)

    def open_call(
        self, kind: str, options: Mapping[str, Any], *, call_id: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> CallInProgress:
        """Open a source and begin to take its audio. Raises as `start_call`, and `SourceError` where it cannot be opened."""
        self.check_room()
        source = open_source(kind, dict(options), self.settings)
        return self.start_call(source, call_id=call_id, metadata=metadata)

    def open_pushed(
        self, audio: PushedAudio, on_change: OnChange, *, call_id: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> tuple[CallInProgress, Bridge]:
        """Begin a call whose audio somebody is going to bring, over the bridge. Raises as `start_call`."""
        source = PushedSource(audio.legs, audio.rate, audio.encoding, audio.description, self.settings.incoming)
        source.on_change = on_change
        return self.start_call(source, call_id=call_id, metadata=metadata), source

    def start_call(self, source: Source, *, call_id: str | None = None, metadata: Mapping[str, Any] | None = None) -> LiveCall:
        """Begin to take a source's audio.

        Raises `ConfigError` where the source may not be analysed, the id is wrong or taken, or there are too many calls, and
        `StoreError` where the store cannot be written. The source is stopped then, and nothing is left of the call.
        """
        try:
            return self._start(source, call_id, metadata or {})
        except BaseException:
            source.stop()
            raise

    def hear(self, heard: Heard) -> None:
        """Have something else heard in the rounds with the calls. Raises `BusyError` where nothing is heard any more."""
        if self._rounds.stopped:
            raise BusyError(ROUNDS_STOPPED)
        self._rounds.begin()
        self._rounds.add(heard)

    def check_room(self, there: int = 0) -> None:
        """Raise `BusyError` where no further call is heard, of whose descriptors so many are open: ask before that, too."""
        self.check_places()
        if self._rounds.stopped:
            raise BusyError(ROUNDS_STOPPED)
        Descriptors.now(self.store).require(there, len(self._beginning))

    def check_places(self) -> None:
        """Raise `BusyError` where no further call is taken, wherever it is heard."""
        if self._closing:
            raise BusyError(CLOSING)
        taken = self._taken()
        if taken >= self.settings.server.max_calls:
            raise BusyError(f"{taken} calls are in progress, server.max_calls allows no more")

    def _taken(self) -> int:
        """Calls that have a place."""
        return len(self._calls.keys() | self._beginning)

    def _start(self, source: Source, call_id: str | None, metadata: Mapping[str, Any]) -> LiveCall:
        check_privacy(source, self.settings.privacy)
        started_at = datetime.now(UTC)
        call_id = check_call_id(call_id) if call_id is not None else new_call_id(started_at)
        formats = {leg: leg_format(leg, self.settings, self.inference.info) for leg in source.legs}
        rules = self.rules.of_call(metadata)
        record = CallRecord(
            id=call_id,
            started_at=started_at,
            source=source.description,
            engine=asdict(self.inference.info),
            labels=self.inference.info.labels,
            legs=formats,
            metadata=metadata,
            settings={
                "state": self.settings.state.model_dump(mode="json"),
                "changes": self.settings.changes.model_dump(mode="json"),
                "rules": rules.document(),
                **({"learned": rules.learned.document()} if rules.learned else {}),
                "window": asdict(self.geometry),
            },
        )
        with self._place_for(call_id, there=source.descriptors()):
            writer = self.store.create(record)
            try:
                call = self._open(record, source, writer, rules)
                with self._lock:
                    if self._closing:
                        raise BusyError(CLOSING)
                    self._calls[call_id] = call
                call.start(lambda: self.journal.append(_started(record)), self._rounds)
            except BaseException:
                with self._lock:
                    self._calls.pop(call_id, None)
                writer.discard()
                raise
        log.info("call_started", call=call_id, source=source.description, legs=source.legs)
        return call

    @contextmanager
    def _place_for(self, call_id: str, there: int) -> Iterator[None]:
        """Keep a place for a call that begins. The lock is held only to take it: a disk may be slow, and others go on."""
        with self._lock:
            self.check_room(there)
            if call_id in self._beginning or call_id in self._calls:
                raise TakenError(f"cannot start call {call_id}: a call of this id is in progress; choose another id")
            self._beginning.add(call_id)
        try:
            yield
        finally:
            with self._lock:
                self._beginning.discard(call_id)

    def _open(self, record: CallRecord, source: Source, writer: CallWriter, rules: RuleSet) -> LiveCall:
        every = self.settings.store.snapshot_every
        return LiveCall(
            record.id,
            source,
            started_at=record.started_at,
            metadata=record.metadata,
            listening=open_listening(
                record.id, record.legs, self.settings, rules, self.inference, live=source.realtime, tracing=self._tracing
            ),
            recorder=CallRecorder(writer, self.journal, self._held_memory),
            snapshots=Snapshots(writer, every, self._snapshot_thread, first_after(record.id, every)),
            live=LiveFrames(record.id, record.labels, rules.learned),
            speech_threshold=self.settings.state.speech_threshold,
            watched=lambda: self.attention.on(record.id),
            framed=lambda: self.attention.frames_of(record.id),
            on_live=self.tell_live,
            on_end=self._forget,
        )

    def take_rules(self, rules: RuleSet) -> None:
        """Watch calls that begin from now on with other rules, which have what they name (`RuleSet.heard_with`).

        Calls in progress keep theirs: what is stored with them is what they were heard with, from beginning to end.
        """
        self.rules = rules

    def calls(self) -> Sequence[CallInProgress]:
        """The calls in progress, oldest first."""
        with self._lock:
            return list(self._calls.values())

    @property
    def closing(self) -> bool:
        """Whether it stops, and takes no new call."""
        return self._closing

    def call(self, call_id: str) -> CallInProgress:
        """A call in progress. Raises `NotFoundError`."""
        for call in self.calls():
            if call.id == call_id:
                return call
        raise NotFoundError(f"no call {call_id} is in progress")

    def stop_call(self, call_id: str, reason: str = "stopped") -> CallInProgress:
        """End a call; it is stored in its own time. Raises `NotFoundError`."""
        call = self.call(call_id)
        call.stop(reason)
        return call

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that are raised and not cleared, newest last, each with what people did about it."""
        return self._open_alerts.all()

    def alert_counts(self) -> Mapping[str, Mapping[str, int]]:
        """How many alerts stand of each severity, by call; a call without one is missing."""
        return self._open_alerts.counts()

    def trends(self) -> dict[str, dict[str, dict[str, list[Any]]]]:
        """What the legs of each live call were like over the last minutes (`LiveFrames.trends`), by call."""
        with self._lock:
            calls = list(self._calls.values())
        return {call.id: call.trends() for call in calls}

    def on_live(self, listener: LiveListener) -> Callable[[], None]:
        """Tell a listener the live frames messages that somebody takes (`attention`), in any thread; returns what ends that."""
        with self._lock:
            self._live_listeners = [*self._live_listeners, listener]

        def forget() -> None:
            with self._lock:
                self._live_listeners = [other for other in self._live_listeners if other is not listener]

        return forget

    def on_end(self, listener: Callable[[LiveCall], None]) -> None:
        """Tell a listener of each call that is over and stored, or failed, in its thread. Who waits for it goes on after."""
        with self._lock:
            self._end_listeners = [*self._end_listeners, listener]

    def inference_status(self) -> InferenceStatus:
        """How well the engine keeps up, in all processes."""
        return self.inference.status()

    def status(self) -> MonitorStatus:
        """Gauges of the whole: for `/metrics` and for operators."""
        calls = self.calls()
        info = self.inference.info
        return MonitorStatus(
            engine={name: getattr(info, name) for name in ("name", "model", "version", "licence", "device", "precision")},
            window={name: frames / FRAME_RATE for name, frames in asdict(self.geometry).items()},
            calls=len(calls),
            legs=sum(len(call.legs) for call in calls),
            inference=self.inference_status(),
            open_alerts=len(self.alerts()),
            store_errors={call.id: error for call in calls if (error := call.summary()["store_error"])},
            journal_seq=self.journal.last,
            descriptors=(descriptors := Descriptors.now(self.store)),
            room=descriptors.calls > 0,
            rounds_stopped=("this process",) if self._rounds.stopped else (),
            closing=self._closing,
        )

    def close(self, timeout: float = 60.0) -> None:
        """End all calls, store them, and let go of the engine. May be called twice."""
        with self._lock:
            self._closing = True
            calls = [*self._calls.values(), *self._leaving]
        for call in calls:
            call.stop("shutdown")
        for call in calls:
            if not call.wait(timeout):
                log.error("call_not_flushed", call=call.id, waited_seconds=timeout)
        self._rounds.close()
        self.inference.close()
        self._snapshot_thread.shutdown()
        if self._tracing is not None:
            self._tracing.close()
        self._forget_alerts()

    def _seconds_of(self, call_id: str) -> float | None:
        return next((call.seconds for call in self.calls() if call.id == call_id), None)

    def tell_live(self, message: FramesMessage) -> None:
        """Have the listeners of live frames hear a message."""
        for listener in self._live_listeners:
            listener(message)

    def _forget(self, call: LiveCall) -> None:
        with self._lock:
            self._calls.pop(call.id, None)
            self._leaving.add(call)
            if isinstance(call.error, StoreError):
                self.unstored[call.id] = f"{call.unstored} frames: {call.error}"
        try:
            for listener in self._end_listeners:
                listener(call)
        finally:
            with self._lock:
                self._leaving.discard(call)
        log.info("call_ended", call=call.id, seconds=call.seconds, error=str(call.error) if call.error else None)


def _started(record: CallRecord) -> CallStarted:
    return CallStarted(
        call=record.id,
        started_at=record.started_at.isoformat(),
        legs=tuple(record.legs),
        inferred=tuple(leg for leg, format_ in record.legs.items() if format_.classes),
        source=record.source,
        engine=f"{record.engine['name']} {record.engine['model']}",
        labels=record.labels,
        metadata=record.metadata,
    )
