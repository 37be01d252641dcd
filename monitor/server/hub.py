"""The live hub: hands what the pipeline says to websocket clients, each a cursor into the journal.

The pipeline's threads only ever schedule a callback here; they never wait. A client takes events at its own pace: from the
recent ones in memory, or, where it has fallen behind those, from the journal. What is not in the journal (live frames,
replays) waits in a bounded queue a client, whose oldest go when it is full. So no client slows another, or the pipeline.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.messages import (
    AboutACall,
    BoardMessage,
    DroppedMessage,
    ErasedMessage,
    FramesMessage,
    LaggedMessage,
    Message,
    RecordedMessage,
    recorded,
)
from monitor.server.present import Present
from monitor.server.subscription import Subscription
from monitor.server.told import Told
from monitor.store.journal import Journal
from monitor.store.recent import Recent

_PASSING_AT_A_TIME = 50
"""So that an event never waits behind a whole queue of live frames."""
_ERASED = 1_000
"""Erased calls that are remembered; what is recorded reaches a hub within moments."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the hub keeps for clients that do not read."""

    recent: int = 1024 * 1024
    """Bytes of the newest events in memory, 1,000 or more, for all clients. One that is further behind reads the journal."""
    passing: int = 2048
    """Live frames and replayed messages waiting, a client."""
    batch: int = 500
    """Events taken at a time, so that a client that catches up leaves room for others."""


@dataclass(slots=True)
class Counts:
    """What became of the messages of all clients, for `/metrics`."""

    sent: int = 0
    lagged: int = 0
    dropped: int = 0


class Client:
    """One subscriber. Used from the event loop only."""

    def __init__(self, hub: "Hub", subscription: Subscription) -> None:
        self._hub = hub
        self._subscription = subscription
        self._cursor = hub.last if subscription.since is None else subscription.since
        self._live = False
        self._passing: deque[Message] = deque(maxlen=hub.limits.passing)
        self._board: BoardMessage | None = None
        """The newest: what one before it said is over."""
        self._dropped = 0
        self._awake = asyncio.Event()

    async def messages(self) -> list[Message | Told]:
        """The next messages, at least one; waits for them. Empty once the hub has stopped and all events were taken."""
        while True:
            self._awake.clear()
            batch: list[Message | Told] = [*await self._events(), *self._take_passing()]
            if batch or (self._hub.stopping and self._cursor >= self._hub.last):
                return batch
            if self._cursor >= self._hub.last:
                await self._awake.wait()

    def offer(self, message: Message) -> None:
        """Queue a passing message, if it is wanted."""
        if not self._subscription.wants(message):
            return
        if isinstance(message, BoardMessage):
            self._board = self._subscription.wanted_of(message)
            self.wake()
            return
        if len(self._passing) == self._passing.maxlen:
            self._dropped += 1
            self._hub.counts.dropped += 1
        self._passing.append(message)
        self.wake()

    def forget(self, call: str) -> None:
        """Leave out what waits of an erased call."""
        kept = [message for message in self._passing if not (isinstance(message, AboutACall) and message.call == call)]
        self._passing = deque(kept, self._passing.maxlen)

    @property
    def wants_board(self) -> bool:
        """Whether this client asks for the board."""
        return self._subscription.board

    def wake(self) -> None:
        """Have `messages` look again."""
        self._awake.set()

    async def _events(self) -> list[Message | Told]:
        before = self._cursor
        notice: list[Message | Told] = []
        recent: Sequence[Message | Told] | None = self._hub.recent(before)
        if recent is None:
            if self._live:
                self._live = False
                self._hub.counts.lagged += 1
                notice = [LaggedMessage.model_validate({"type": "lagged", "from": before + 1, "to": self._hub.last})]
            self._cursor, recent = await self._hub.recorded(before)
        else:
            self._cursor = max(before, min(before + self._hub.limits.batch, self._hub.last))
        self._live = self._live or self._cursor >= self._hub.last
        return notice + [message for message in recent if self._subscription.wants(message)]

    def _take_passing(self) -> list[Message]:
        taken: list[Message] = []
        if self._dropped:
            taken.append(DroppedMessage(type="dropped", messages=self._dropped))
            self._dropped = 0
        if self._board is not None:
            taken.append(self._board)
            self._board = None
        taken.extend(self._passing.popleft() for _ in range(min(len(self._passing), _PASSING_AT_A_TIME)))
        return taken


class Hub:
    """All subscribers, and the recent events. `start` and `stop` in the event loop; `publish` from any thread."""

    def __init__(self, journal: Journal, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.counts = Counts()
        self.clients: set[Client] = set()
        self._framed: set[Client] = set()
        """Those that take live frames, which come a hundred times as often as anything else."""
        self.board_wanted = asyncio.Event()
        """Set while any client asks for the board."""
        self.present = Present()
        self.stopping = False
        self.last = 0
        """Sequence number of the newest event that clients may see."""
        self._journal = journal
        self._recent: Recent[Told] = Recent(self.limits.recent, Told.size)
        """Without a hole up to `last`."""
        self._erased: dict[str, int] = {}
        """Calls that were erased last, and the newest event by then: a later call may have the id again."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unlisten: list[Callable[[], None]] = []

    def start(self, listen_live: Callable[[Callable[[Message], None]], Callable[[], None]], live_calls: Iterable[str]) -> None:
        """Begin to listen. `listen_live` registers for live frames; `live_calls` began before there was a hub."""
        self._loop = asyncio.get_running_loop()
        self._unlisten = [self._journal.listen(self._on_event), listen_live(self.publish)]
        self.last = self._journal.last
        for call in live_calls:
            for message in map(recorded, self._journal.read(0, call=call)):
                if message.seq <= self.last:
                    self.present.update(message)

    def stop(self) -> None:
        """Say no more; clients end once they have taken what there is."""
        for unlisten in self._unlisten:
            unlisten()
        self.stopping = True
        self._wake()

    def join(self, subscription: Subscription) -> Client:
        """Add a client."""
        client = Client(self, subscription)
        self.clients.add(client)
        if subscription.frames:
            self._framed.add(client)
        self._look_who_wants_the_board()
        return client

    def leave(self, client: Client) -> None:
        """Take a client out."""
        self.clients.discard(client)
        self._framed.discard(client)
        self._look_who_wants_the_board()

    def publish(self, message: Message) -> None:
        """Say something that is not in the journal: live frames, or part of a replay. From any thread; never waits."""
        self._schedule(self._offer, message)

    def forget(self, call: str) -> None:
        """Drop an erased call's events from memory, also those still to be told. From any thread."""
        self._schedule(self._forget, (call, self._journal.last))

    def recent(self, cursor: int) -> list[Told] | None:
        """The next events after `cursor` from memory; None where it does not reach back so far."""
        behind = self.last - cursor
        return None if behind > len(self._recent) else self._recent.newest(behind, self.limits.batch)

    async def recorded(self, cursor: int) -> tuple[int, list[RecordedMessage]]:
        """The next events after `cursor` from the journal, and the cursor after them."""
        upto = self.last
        found = await asyncio.to_thread(self._journal.read, cursor, limit=self.limits.batch)
        messages = [message for message in map(recorded, found) if message.seq <= upto]
        return (messages[-1].seq if messages else upto), messages

    def _on_event(self, message: RecordedMessage) -> None:
        self._schedule(self._record, message)

    def _schedule(self, call: Callable[[Any], None], argument: Any) -> None:
        if self._loop is None:
            return
        # The loop may close between the pipeline's last words and `stop`; the journal has them all the same.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, argument)

    def _record(self, message: RecordedMessage) -> None:
        if message.seq <= self.last:
            return
        if isinstance(message, AboutACall) and message.seq <= self._erased.get(message.call, 0):
            message = _erased(message.seq)
        if message.seq != self.last + 1:  # events that came while `start` ran, or were recorded by another process
            self._recent.clear()
        self._recent.append(Told.of(message))
        self.last = message.seq
        self.present.update(message)
        self._wake()

    def _offer(self, message: Message) -> None:
        for client in self._framed if isinstance(message, FramesMessage) else self.clients:
            client.offer(message)

    def _forget(self, erased: tuple[str, int]) -> None:
        call, upto = erased
        self._erased[call] = upto
        while len(self._erased) > _ERASED:
            del self._erased[next(iter(self._erased))]
        self.present.forget(call)
        for client in self.clients:
            client.forget(call)
        self._recent.change(lambda told: Told.of(_erased(told.seq)) if told.call == call else told)

    def _look_who_wants_the_board(self) -> None:
        if any(client.wants_board for client in self.clients):
            self.board_wanted.set()
        else:
            self.board_wanted.clear()

    def _wake(self) -> None:
        for client in self.clients:
            client.wake()


def _erased(seq: int) -> ErasedMessage:
    return ErasedMessage(type="erased", seq=seq)
