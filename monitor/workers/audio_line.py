"""Audio that comes over a connection to the front, and is heard by a worker: the two ends of its way over the line.

The front gathers what comes of all such calls for some milliseconds, and sends it in one piece: to pass it on is to cost little
beside reading the connection. What a sender is told does not change: the worker's bridge says whether a told moment is
possible, and how far it has come; what is on its way is bounded here.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass

from monitor.errors import ConfigError
from monitor.events import Leg
from monitor.sources.channels import Cause
from monitor.sources.incoming.bridge import OnChange, PushedAudio
from monitor.sources.incoming.pushed import PushedSource
from monitor.workers.line import PATIENCE, Line, LineDeadError

GATHER = 0.02
"""Seconds for which audio is gathered before it is sent: a packet's length."""
ON_THE_WAY = 4.0
"""Seconds of all legs that may be on the way, not known to have come: less than a bridge that is full takes without losing any
(`pushed.ENOUGH`)."""
PIECES_ON_THE_WAY = 1_000
SAID_EVERY = 100
"""Pieces, or a second's bytes, after which the worker says how far it has come."""


@dataclass(frozen=True, slots=True)
class Put:
    """Samples of a leg."""

    leg: Leg
    data: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """The next audio of a leg belongs at this moment."""

    leg: Leg
    seconds: float
    missing: Cause


@dataclass(frozen=True, slots=True)
class Ended:
    """No more comes."""

    reason: str


Piece = Put | Placed | Ended
Pieces = Mapping[str, Sequence[Piece]]
"""By the id of the call."""


@dataclass(frozen=True, slots=True)
class HowFar:
    """What a worker says of its bridge of a call."""

    call: str
    pieces: int
    """That it has taken so far."""
    full: bool
    over: bool


class AudioOut:
    """The front's end: sends what is brought for the calls of one worker, in a thread that begins with the first of them."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.Lock()
        self._waiting: defaultdict[str, list[Piece]] = defaultdict(list)
        self._some = threading.Event()
        self._thread: threading.Thread | None = None
        self._bridges: dict[str, FarBridge] = {}
        """Of calls in progress, and of those that are about to begin: what is said of one may come first."""
        self._closed = False

    def bridge(self, call: str, audio: PushedAudio, on_change: OnChange) -> "FarBridge":
        """A bridge to a call that the worker is going to hear."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._send, name="audio-out", daemon=True)
                self._thread.start()
            bridge = self._bridges[call] = FarBridge(call, audio, on_change, self._put)
        return bridge

    def hear(self, said: HowFar) -> None:
        """The worker says how far it has come."""
        if (bridge := self._bridges.get(said.call)) is not None:
            bridge.hear(said)

    def placed(self, call: str, error: ConfigError | None) -> None:
        """The worker says whether a told moment was possible."""
        if (bridge := self._bridges.get(call)) is not None:
            bridge.placed(error)

    def forget(self, call: str) -> None:
        """The call is over, or its worker gone."""
        if (bridge := self._bridges.pop(call, None)) is not None:
            bridge.close()

    def close(self) -> None:
        """The worker is gone."""
        self._closed = True
        self._some.set()
        for call in list(self._bridges):
            self.forget(call)

    def _put(self, call: str, piece: Piece) -> None:
        with self._lock:
            self._waiting[call].append(piece)
        self._some.set()

    def _send(self) -> None:
        while self._some.wait() and not self._closed:
            time.sleep(GATHER)
            self._some.clear()
            with self._lock:
                pieces, self._waiting = self._waiting, defaultdict(list)
            if pieces:
                self._line.tell("audio", dict(pieces))


class FarBridge:
    """See `Bridge`: to a call that a worker hears."""

    def __init__(self, call: str, audio: PushedAudio, on_change: OnChange, put: Callable[[str, Piece], None]) -> None:
        self._call, self._on_change, self._put = call, on_change, put
        self._most = ON_THE_WAY * audio.second
        self._lock = threading.Lock()
        self._sent = 0
        self._way: deque[int] = deque()
        """Bytes of each piece on the way."""
        self._bytes = 0
        self._there_full = self._said_full = self._over = False
        self._asked: Future[None] | None = None

    @property
    def full(self) -> bool:
        """See `Bridge`."""
        with self._lock:
            full = self._is_full() and not self._over
            self._said_full = self._said_full or full
            return full

    @property
    def over(self) -> bool:
        """See `Bridge`."""
        return self._over

    def push(self, leg: Leg, data: bytes) -> None:
        """See `Bridge`."""
        self._give(Put(leg, data), len(data))

    def position(self, leg: Leg, seconds: float, missing: Cause) -> None:
        """See `Bridge`. Raises `LineDeadError` where the worker does not answer."""
        asked: Future[None] = Future()
        self._asked = asked
        self._give(Placed(leg, seconds, missing), 0)
        if self._over:
            return
        try:
            asked.result(PATIENCE)
        except NotInTime:
            raise LineDeadError(f"the worker did not answer within {PATIENCE:g} s") from None

    def end(self, reason: str = "finished") -> None:
        """See `Bridge`."""
        self._give(Ended(reason), 0)

    def hear(self, said: HowFar) -> None:
        """The worker says how far it has come."""
        with self._lock:
            while self._sent - len(self._way) < said.pieces and self._way:
                self._bytes -= self._way.popleft()
            self._there_full = said.full
            changed = said.over or (self._said_full and not self._is_full())
            self._over = self._over or said.over
            self._said_full = self._said_full and not changed
        if changed:
            self._on_change()

    def placed(self, error: ConfigError | None) -> None:
        """The worker says whether a told moment was possible."""
        if (asked := self._asked) is not None and not asked.done():
            asked.set_exception(error) if error is not None else asked.set_result(None)

    def close(self) -> None:
        """No more audio is taken."""
        self._over = True
        self.placed(None)
        self._on_change()

    def _give(self, piece: Piece, size: int) -> None:
        with self._lock:
            if self._over:
                return
            self._sent += 1
            self._way.append(size)
            self._bytes += size
        self._put(self._call, piece)

    def _is_full(self) -> bool:
        return self._there_full or self._bytes > self._most or len(self._way) > PIECES_ON_THE_WAY


class _Taken:
    """How far a worker has come with a call."""

    def __init__(self, source: PushedSource, second: int) -> None:
        self.source = source
        self.pieces = 0
        self._second = second
        self._unsaid_pieces = self._unsaid_bytes = 0

    def take(self, piece: Piece) -> None:
        """Give a piece to the bridge. Raises `ConfigError` where its moment is not possible."""
        self.pieces += 1
        self._unsaid_pieces += 1
        match piece:
            case Put(leg, data):
                self._unsaid_bytes += len(data)
                self.source.push(leg, data)
            case Placed(leg, seconds, missing):
                self.source.position(leg, seconds, missing)
            case Ended(reason):
                self.source.end(reason)

    @property
    def is_to_be_said(self) -> bool:
        """Whether the front is to know."""
        return self._unsaid_pieces >= SAID_EVERY or self._unsaid_bytes >= self._second or self.source.full

    def say(self, call: str) -> HowFar:
        """What the front is to know."""
        self._unsaid_pieces = self._unsaid_bytes = 0
        return HowFar(call, self.pieces, self.source.full, self.source.over)


class AudioIn:
    """The worker's end: gives what comes to the bridges of its calls."""

    def __init__(self) -> None:
        self.tell: Callable[[str, object], None] = lambda what, content: None  # noqa: ARG005
        """Tells the front."""
        self._calls: dict[str, _Taken] = {}
        self._saying = threading.Lock()
        """What is said last is what was last so."""

    def open(self, call: str, audio: PushedAudio, source: PushedSource) -> None:
        """A call that is brought begins."""
        self._calls[call] = taken = _Taken(source, audio.second)
        source.on_change = lambda: self._say(call, taken)

    def forget(self, call: str) -> None:
        """It is over, or did not begin."""
        self._calls.pop(call, None)

    def take(self, pieces: Pieces) -> None:
        """What has come, in order. Waits for nothing."""
        for call, some in pieces.items():
            taken = self._calls.get(call)
            for piece in some:
                self._take(call, taken, piece)
            if taken is not None and taken.is_to_be_said:
                self._say(call, taken)

    def _take(self, call: str, taken: _Taken | None, piece: Piece) -> None:
        error: ConfigError | None = None
        try:
            if taken is not None:
                taken.take(piece)
        except ConfigError as refused:
            error = refused
        if isinstance(piece, Placed):
            self.tell("placed", (call, error))

    def _say(self, call: str, taken: _Taken) -> None:
        with self._saying:
            self.tell("how_far", taken.say(call))
