"""The front: the monitor that the world talks to, whose calls are heard by workers beside it.

The first worker is begun with the service, and the front, which has clients to answer, hears a call itself only until that one
is there. Further ones are begun as calls come. A worker that dies takes its own calls with it, which are closed as interrupted;
the next call begins another worker.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog

from monitor.alerts.rules import RuleSet
from monitor.config import Settings
from monitor.config.sections import StaticSource
from monitor.errors import BusyError, MonitorError, TakenError
from monitor.pipeline.awaited import Over
from monitor.pipeline.in_progress import CallInProgress
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.inference_status import InferenceStatus, together
from monitor.pipeline.interrupted import close_interrupted
from monitor.pipeline.monitor import CLOSING, Monitor
from monitor.pipeline.monitor_status import MonitorStatus
from monitor.sources.incoming.bridge import Bridge, OnChange, PushedAudio
from monitor.store.base import Store
from monitor.store.call_id import check_call_id, new_call_id
from monitor.workers.hand import Hand
from monitor.workers.line import LineDeadError
from monitor.workers.worker import Asked, AskedPushed, Followed

log = structlog.get_logger(__name__)

Given = TypeVar("Given")

ENOUGH = 8
"""Calls that a process hears before another is begun beside it."""
COMING = 10.0
"""Seconds that a call waits for a worker that is being begun, where each process has enough: calls stay where they begin, so
many that come at once would else burden one process for as long as they last."""


class Crew(Monitor):
    """A monitor whose calls may be heard by workers."""

    def __init__(
        self,
        settings: Settings,
        inference: InferenceWorker,
        store: Store,
        workers: int,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """`workers`: at most so many beside this process. `prepare` is called in each first, and must be a module's function
        or a `partial` of one."""
        super().__init__(settings, inference, store)
        self._most = workers
        self._prepare = prepare
        self._hands: list[Hand] = []
        self._died = 0
        self._numbers = itertools.count(1)
        self._followed = itertools.count(1)
        self._hiring = threading.Lock()
        self._ids: set[str] = set()
        """Of calls that a worker begins at this moment."""
        self._refresh = threading.Event()
        self._stopped = threading.Event()
        self._refreshing = threading.Thread(target=self._take_in, name="journal-of-workers", daemon=True)
        self._refreshing.start()
        self._closing_up = ThreadPoolExecutor(1, thread_name_prefix="interrupted")
        self.attention.on_change = self._tell_attention

    def begin(self, workers: int = 1, patience: float = 0.0) -> None:
        """Begin the first workers: calls will come. `patience`: seconds for which to wait until they are ready."""
        self._hire(workers)
        end = time.monotonic() + patience
        for hand in self._living():
            hand.settled.wait(max(0.0, end - time.monotonic()))

    def open_call(
        self, kind: str, options: Mapping[str, Any], *, call_id: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> CallInProgress:
        """See `Monitor`. The worker takes it that has the fewest calls of those that have room."""
        with self._place_with_a_worker(call_id) as free_id:
            asked = Asked(kind, options, free_id, metadata or {})
            try:
                call = self._with_one_that_has_room(lambda hand: hand.begin(asked))
            except LineDeadError as error:
                raise BusyError(f"cannot start call {free_id}: {error}; try again") from None
        return call or super().open_call(kind, options, call_id=call_id, metadata=metadata)

    def open_pushed(
        self, audio: PushedAudio, on_change: OnChange, *, call_id: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> tuple[CallInProgress, Bridge]:
        """See `Monitor`. A worker hears it, as of `open_call`; what is brought is passed on."""
        with self._place_with_a_worker(call_id) as free_id:
            asked = AskedPushed(audio, free_id, metadata or {})

            def begin(hand: Hand) -> tuple[CallInProgress, Bridge]:
                return hand.begin_pushed(asked, on_change)

            try:
                begun = self._with_one_that_has_room(begin)
            except LineDeadError as error:
                raise BusyError(f"cannot start call {free_id}: {error}; try again") from None
        return begun or super().open_pushed(audio, on_change, call_id=call_id, metadata=metadata)

    def follow(self, source: StaticSource, over: Over) -> bool:
        """Have a worker follow a source of the configuration until its next call is `over`; False where there is no worker.

        Raises as `open_call`, and `LineDeadError` where the worker dies.
        """
        asked = Followed(next(self._followed), source)

        def begin(hand: Hand) -> bool:
            hand.follow(asked, over)
            return True

        return bool(self._with_one_that_has_room(begin))

    def leave_sources(self) -> None:
        """Have workers follow no source any more."""
        for hand in self._living():
            for number in list(hand.followed):
                hand.line.tell("leave_source", number)

    @property
    def has_worker(self) -> bool:
        """Whether a worker is ready."""
        return any(hand.ready.is_set() for hand in self._living())

    def calls(self) -> list[CallInProgress]:
        """See `Monitor`."""
        with self._lock:
            return sorted(self._all(), key=lambda call: call.started_at)

    def trends(self) -> dict[str, dict[str, dict[str, list[Any]]]]:
        """See `Monitor`."""
        trends = super().trends()
        for hand in self._living():
            trends |= hand.trends()
        return trends

    def take_rules(self, rules: RuleSet) -> None:
        """See `Monitor`."""
        super().take_rules(rules)
        for hand in self._living():
            hand.line.tell("rules", rules)

    def status(self) -> MonitorStatus:
        """See `Monitor`."""
        own, hands = super().status(), self._living()
        looks = [look for hand in hands if (look := hand.look()) is not None]
        return replace(
            own,
            workers=len(hands),
            workers_died=self._died,
            room=any(look.room for look in looks) or len(self._serving()) < self._most,
            rounds_stopped=(*own.rounds_stopped, *(hand.process.name for hand in hands if hand.leaving)),
        )

    def inference_status(self) -> InferenceStatus:
        """See `Monitor`."""
        looks = [look for hand in self._living() if (look := hand.look()) is not None]
        return together([super().inference_status(), *(look.inference for look in looks)])

    def close(self, timeout: float = 60.0) -> None:
        """See `Monitor`."""
        with self._lock:
            self._closing = True
        with self._hiring:  # one that was on its way is among them
            hands = self._living()
        with ThreadPoolExecutor(max(len(hands), 1)) as closing:
            list(closing.map(Hand.close, hands))
        self._stopped.set()
        self._refresh.set()
        self._refreshing.join(5)
        self._closing_up.shutdown()
        super().close(timeout)

    def _taken(self) -> int:
        return len({call.id for call in self._all()} | self._beginning | self._ids)

    def appended(self) -> None:
        """A worker has appended to the journal."""
        self._refresh.set()

    def lost(self, hand: Hand) -> None:
        """A worker is gone."""
        with self._lock:
            hand.dead.set()
            self._died += not self._closing
        hand.settled.set()
        hand.audio.close()
        for number in list(hand.followed):
            hand.let_go(number, None if self._closing else LineDeadError("the worker that followed it died"))
        if self._closing:
            return
        log.error("worker_died", worker=hand.number, pid=hand.process.pid, calls=sorted(hand.calls))
        self._closing_up.submit(self._close_calls_of, hand)

    def _close_calls_of(self, hand: Hand) -> None:
        hand.process.join(5)  # its locks are its until then
        try:
            close_interrupted(self.store)
        except MonitorError as error:
            log.error("calls_of_worker_not_closed", worker=hand.number, error=str(error))
        with self._lock:
            self._hands = [other for other in self._hands if other is not hand]
        hand.lose_calls()

    def _have_enough(self) -> None:
        """Have as many workers as the next call asks for; where all have enough to do, wait for the one that comes."""
        with self._lock:
            if self._closing:
                raise BusyError(CLOSING)
            own = len(self._calls) + len(self._beginning)
            hands = self._serving()
            ready = [hand for hand in hands if hand.ready.is_set()]
            least = min((hand.load for hand in ready), default=own)
            calls = own + sum(hand.load for hand in hands)
        self._hire(1 + calls // ENOUGH if least >= ENOUGH else 1)
        coming = [hand for hand in self._living() if not hand.ready.is_set()]
        if coming and least >= ENOUGH:
            coming[0].settled.wait(COMING)

    def _with_one_that_has_room(self, begin: Callable[[Hand], Given]) -> Given | None:
        """What `begin` gives of the worker that has the fewest calls; where that one is full, of the next.

        None where there is no worker. Raises `BusyError` where all are full, and what `begin` raises.
        """
        self._have_enough()
        full: list[Hand] = []
        refusal: BusyError | None = None
        while (hand := self._chosen(full)) is not None or self._further(full):
            if hand is None:
                continue
            try:
                return begin(hand)
            except BusyError as error:
                full.append(hand)
                refusal = error
            finally:
                with self._lock:
                    hand.beginning -= 1
        if refusal is None:
            return None
        raise BusyError(f"all {len(full)} workers are full: {refusal}; or allow more workers (server.workers)")

    def _chosen(self, full: Sequence[Hand]) -> Hand | None:
        """Who takes the next call, and has it on its way from now on; None where there is nobody but the full."""
        with self._lock:
            hand = self._freest(full)
            if hand is not None:
                hand.beginning += 1
            return hand

    def _further(self, full: Sequence[Hand]) -> bool:
        """Where workers are full, have a further one come, and wait for it; whether one is there."""
        if not full:
            return False
        self._hire(len(self._serving()) + 1)
        for hand in self._serving():
            if hand not in full:
                hand.settled.wait(COMING)
        with self._lock:
            return self._freest(full) is not None

    @contextmanager
    def _place_with_a_worker(self, call_id: str | None) -> Iterator[str]:
        """Keep a place, and an id, for a call that begins with a worker."""
        free_id = check_call_id(call_id) if call_id is not None else new_call_id(datetime.now(UTC))
        with self._lock:
            self.check_places()
            if free_id in self._ids or free_id in self._beginning or free_id in {call.id for call in self._all()}:
                raise TakenError(f"cannot start call {free_id}: a call of this id is in progress; choose another id")
            self._ids.add(free_id)
        try:
            yield free_id
        finally:
            with self._lock:
                self._ids.discard(free_id)

    def _hire(self, workers: int) -> None:
        """Begin workers until there are so many, or as many as there may be; they take calls once they are ready."""
        with self._hiring:
            while len(self._serving()) < min(workers, self._most) and not self._closing:
                hand = Hand(next(self._numbers), self, self._prepare)
                with self._lock:
                    self._hands.append(hand)
                log.info("worker_begun", worker=hand.number, pid=hand.process.pid)

    def _living(self) -> list[Hand]:
        with self._lock:
            return self._there()

    def _freest(self, full: Sequence[Hand] = ()) -> Hand | None:
        ready = (hand for hand in self._serving() if hand.ready.is_set() and hand not in full)
        return min(ready, key=lambda hand: hand.load, default=None)

    def _serving(self) -> list[Hand]:
        return [hand for hand in self._there() if not hand.leaving]

    def _there(self) -> list[Hand]:
        return [hand for hand in self._hands if not hand.dead.is_set()]

    def _all(self) -> list[CallInProgress]:
        return [*self._calls.values(), *(call for hand in self._hands for call in list(hand.calls.values()))]

    def _tell_attention(self) -> None:
        for hand in self._living():
            if hand.ready.is_set():
                hand.line.tell("attention", self.attention.looks())

    def _take_in(self) -> None:
        """Have what workers append reach those who follow the journal here."""
        while not self._stopped.is_set():
            self._refresh.wait()
            self._refresh.clear()
            try:
                self.journal.refresh()
            except MonitorError as error:
                log.error("journal_not_refreshed", error=str(error))
