"""Rounds through all calls at whose sources one looks: two threads, however many calls.

One hears: it takes what has come of every call, so that the engine gets the windows of all together, then what the engine has
heard by now, which is worked on for all calls at once, and has every call go on with it; it waits for no disk. The other writes
what they say. A call whose audio is over leaves the rounds, and has a thread for as long as its end takes.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from monitor.pipeline.speaker import LegRun, sound_together

log = structlog.get_logger(__name__)

ROUND = 0.1
"""Seconds from the beginning of a round to that of the next, at least."""
LONGEST_ROUND = 0.3
"""The same where rounds take long: what comes meanwhile is taken together, which costs each call less."""
SHARE = 0.25
"""Of the time to the next round, that one may take before the next comes later."""
LONGEST_REST = 0.15
"""Seconds. Where rounds take longer still, one rests for as long as the last took: reader, engine and server want the
interpreter too. No longer than this, though: a window is not to wait for it."""


def rest(took: float) -> float:
    """Seconds from the end of a round that took so many to the next.

    >>> [round(rest(took), 3) for took in (0.01, 0.05, 0.2, 1.0)]
    [0.09, 0.15, 0.15, 0.15]
    """
    begins = min(max(ROUND, took / SHARE), LONGEST_ROUND)
    return max(begins - took, min(took, LONGEST_REST))


class Heard(Protocol):
    """A call, step by step. No step raises; `take`, `heard` and `go_on` wait for nothing."""

    id: str

    def take(self) -> bool:
        """Take what has come; whether more is to come."""

    def heard(self) -> Sequence[LegRun]:
        """What the engine has heard since, to be worked on with that of other calls before `go_on`."""

    def go_on(self) -> None:
        """Say what came of it."""

    def write(self) -> None:
        """Have it written."""

    def confirm(self) -> None:
        """Have the disk confirm it, once all calls have written."""

    def interrupt(self) -> None:
        """Have it end for want of rounds; `conclude` follows."""

    def conclude(self) -> None:
        """Come to the end, once nothing more is to come."""


class Rounds:
    """Hears and writes calls until they are over. From any thread; the threads begin with the first call.

    No step of a call raises, so what does is a defect of the rounds. They have `stopped` then: calls end as interrupted, with
    what was heard of them stored, rather than be heard by nobody.
    """

    def __init__(self, on_stopped: Callable[[], None] = lambda: None) -> None:
        """`on_stopped` is called once where a defect stops them."""
        self.stopped = False
        self._on_stopped = on_stopped
        self._changed = threading.Condition()
        self._calls: list[Heard] = []
        self._said = False
        """Whether a round has ended since it was last written what was said."""
        self._closed = False
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Have the threads. Raises `RuntimeError` where there is none to be had."""
        with self._changed:
            for number, (name, work) in enumerate((("calls-hear", self._hear), ("calls-write", self._write))):
                if len(self._threads) == number:
                    thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
                    thread.start()
                    self._threads.append(thread)

    def add(self, call: Heard) -> None:
        """Hear a call from the next round on. One that comes when there is none any more ends as interrupted."""
        with self._changed:
            if not self._closed:
                self._calls.append(call)
                self._changed.notify_all()
                return
        call.interrupt()
        self._have_end_somehow(call)

    def close(self) -> None:
        """Stop. Calls that are not over are heard no longer, and told so."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(ROUND)
        for call in tuple(self._calls):
            call.interrupt()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("rounds_stopped")
            with self._changed:
                already, self.stopped, self._closed = self.stopped, True, True
                self._changed.notify_all()
            if already:
                return
            if (hearing := self._threads[0]) is not threading.current_thread():
                hearing.join()  # in the midst of a round, which waits for nothing
            for call in self._calls:
                call.interrupt()
            self._on_stopped()
            for call in self._calls:
                self._have_end_somehow(call)

    def _have_end_somehow(self, call: Heard) -> None:
        try:
            self._have_end(call)
        except RuntimeError:  # there is no thread now: in this one, then, and others wait
            call.conclude()

    def _hear(self) -> None:
        while calls := self._present():
            begun = time.monotonic()
            over = [call for call in calls if not call.take()]
            sound_together([run for call in calls for run in call.heard()])
            for call in calls:
                call.go_on()
            for call in over:
                self._take_leave(call)
            with self._changed:
                self._said = True
                self._changed.notify_all()
            with self._changed:
                self._changed.wait_for(lambda: self._closed, rest(time.monotonic() - begun))

    def _write(self) -> None:
        while self._wait_for_words():
            calls = self._present()
            for call in calls:
                call.write()
            for call in calls:
                call.confirm()

    def _present(self) -> Sequence[Heard]:
        """The calls; waits until there are some. Empty where it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._calls or self._closed)
            return () if self._closed else tuple(self._calls)

    def _wait_for_words(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._said or self._closed)
            self._said = False
            return not self._closed

    def _take_leave(self, call: Heard) -> None:
        try:
            self._have_end(call)
        except RuntimeError as error:  # there is no thread now: it is over in the next round, too
            log.error("call_cannot_end_yet", call=call.id, error=str(error))
            return
        with self._changed:
            self._calls.remove(call)

    def _have_end(self, call: Heard) -> None:
        threading.Thread(target=call.conclude, name=f"call-{call.id}-ends", daemon=True).start()
