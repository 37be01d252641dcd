"""Rules tried on stored calls while the service goes on: in one thread, which rests as long as it works while a call is live.

Each trial is told line by line. Who asked may close the connection, or begin another trial, and it ends within a second.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock
from typing import Any

import structlog

from monitor.alerts.rules import RuleSet
from monitor.errors import BusyError, MonitorError
from monitor.metadata import fits
from monitor.pipeline.monitor import Monitor
from monitor.replay.alert_spans import Span
from monitor.replay.trial import Trial, raised_alerts
from monitor.store.base import CallSummary

log = structlog.get_logger(__name__)

MAX_WAITING = 8
"""Trials that wait for their turn or are in it."""
TELL_EVERY = 0.5
"""Seconds between two lines, at least: one that cannot be told says that nobody listens any more."""
MAX_SHOWN = 1_000
"""Alerts of a kind in a result, of the newest calls; its counts are of all."""


class _CancelledError(Exception):
    """Nobody waits for the result."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be tried on which calls."""

    rules: RuleSet
    instead_of: Sequence[str]
    """Names of the rules in force, whose alerts are gone where they are left away."""
    calls: int
    """The newest so many."""
    where: Mapping[str, Sequence[str]]
    """Only calls of such metadata."""


@dataclass(slots=True)
class _Running:
    """A trial, between the thread that works and the loop that tells."""

    loop: asyncio.AbstractEventLoop
    lines: asyncio.Queue[dict[str, Any] | None] = field(default_factory=asyncio.Queue)
    cancelled: Event = field(default_factory=Event)
    why: dict[str, Any] | None = None
    """What to say where it was cancelled by the service."""

    def say(self, line: dict[str, Any] | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone
            self.loop.call_soon_threadsafe(self.lines.put_nowait, line)


class Trials:
    """One trial at a time a client; all of them one after another. `begin` in the event loop."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="trial")
        self._lock = Lock()
        self._of: dict[str, _Running] = {}

    def close(self) -> None:
        """End what is in progress."""
        with self._lock:
            for running in self._of.values():
                running.cancelled.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def begin(self, client: str, wanted: Wanted) -> "Lines":
        """Try; a trial of the same client that is in progress ends. Raises `BusyError` where too many wait."""
        running = _Running(asyncio.get_running_loop())
        with self._lock:
            before = self._of.pop(client, None)
            if before is not None:
                before.why = {"type": "error", "code": "replaced", "message": "another trial was begun in place of this one"}
                before.cancelled.set()
            if len(self._of) >= MAX_WAITING:
                raise BusyError(f"{MAX_WAITING} trials of rules are in progress or wait, which is the most; try again later")
            self._of[client] = running
            self._thread.submit(self._run, client, running, wanted)
        return Lines(running)

    def _run(self, client: str, running: _Running, wanted: Wanted) -> None:
        try:
            running.say(self._try(running, wanted))
        except _CancelledError:
            running.say(running.why)
        except MonitorError as error:
            running.say({"type": "error", "code": "store", "message": str(error)})
        except Exception:
            log.exception("trial_failed")
            running.say({"type": "error", "code": "internal", "message": "this failed inside the server; its log says why"})
        finally:
            running.say(None)
            with self._lock:
                if self._of.get(client) is running:
                    del self._of[client]

    def _try(self, running: _Running, wanted: Wanted) -> dict[str, Any]:
        store = self._monitor.store
        calls = _newest(store.catalogue(), wanted)
        trial = Trial(wanted.rules, partial(raised_alerts, store.journal), wanted.instead_of)
        pace = _Pace(running, lambda: bool(self._monitor.calls()))
        for done, call in enumerate(calls):
            so_far = {part: len(trial.spans(part)) for part in ("new", "gone")}
            pace.progress = {"type": "progress", "done": done, "of": len(calls), "call": call.id, **so_far}
            pace.rest()
            try:
                stored = store.open(call.id)
            except MonitorError as error:
                trial.failed[call.id] = str(error)
            else:
                trial.take(stored, pace.rest)
        return _result(trial)


class Lines:
    """The lines of a trial, as they come. Whoever stops asking for more calls `cancel`."""

    def __init__(self, running: _Running) -> None:
        self._running = running

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        while (line := await self._running.lines.get()) is not None:
            yield line

    def cancel(self) -> None:
        """Nobody listens any more. May be called when it is over."""
        self._running.cancelled.set()


class _Pace:
    """Tells how far a trial is, hears that it is cancelled, and leaves the processor to live calls."""

    def __init__(self, running: _Running, busy: Callable[[], bool]) -> None:
        self.progress: dict[str, Any] = {}
        self._running = running
        self._busy = busy
        self._told = 0.0
        self._since = time.monotonic()

    def rest(self) -> None:
        """Between two pieces of work. Raises `_CancelledError`."""
        now = time.monotonic()
        if now - self._told >= TELL_EVERY:
            self._told = now
            self._running.say(self.progress)
        if self._running.cancelled.wait(min(now - self._since, 1.0) if self._busy() else 0.0):
            raise _CancelledError
        self._since = time.monotonic()


def _newest(catalogue: Sequence[CallSummary], wanted: Wanted) -> list[CallSummary]:
    over = (call for call in catalogue if call.status in ("complete", "interrupted") and fits(wanted.where, call.metadata))
    return [call for call, _ in zip(over, range(wanted.calls), strict=False)]


def _result(trial: Trial) -> dict[str, Any]:
    same, new, gone = (trial.spans(part) for part in ("same", "new", "gone"))
    shown = [_alert(span, new=False) for span in same[:MAX_SHOWN]] + [_alert(span, new=True) for span in new[:MAX_SHOWN]]
    places = {call: place for place, call in enumerate(trial.compared)}
    return {
        "type": "result",
        "calls": len(trial.compared),
        "calls_with_alert": len({span["call"] for span in (*same, *new)}),
        "seconds": round(trial.seconds, 1),
        "before": len(same) + len(gone),
        "after": len(same) + len(new),
        "new": len(new),
        "judged_right": sum(span["judged"] == "right" for span in same),
        "judged_wrong": sum(span["judged"] == "wrong" for span in same),
        "gone_right": sum(span["judged"] == "right" for span in gone),
        "gone_wrong": sum(span["judged"] == "wrong" for span in gone),
        "by_rule": trial.by_rule(),
        "left_out": trial.left_out(),
        "alerts": sorted(shown, key=lambda alert: (places[alert["call"]], alert["at"])),
        "gone": [_alert(span, new=False) for span in gone[:MAX_SHOWN]],
        "failed": [{"call": call, "error": error} for call, error in trial.failed.items()],
    }


def _alert(span: Span, *, new: bool) -> dict[str, Any]:
    known = ("call", "rule", "severity", "leg", "time", "message")
    return {**{key: span[key] for key in known}, "at": span["raised_at"], "judged": span["judged"], "new": new}
