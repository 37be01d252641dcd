"""Sources that are waited for: a call begins with its source's first audio, not when the source is opened.

One at which one looks is looked at in the rounds, as calls in progress are, so a port on which nobody speaks costs no thread.
One that has its caller wait (a file, a microphone) has a thread.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from monitor.audio.chunk import AudioChunk
from monitor.errors import MonitorError
from monitor.pipeline.call import LiveCall
from monitor.pipeline.monitor import Monitor
from monitor.pipeline.speaker import LegRun
from monitor.sources.base import PolledSource, Source
from monitor.sources.begun import BegunPolledSource, first_audio
from monitor.store.call_id import new_call_id

log = structlog.get_logger(__name__)

Over = Callable[[MonitorError | None], None]
"""Told once, in any thread, that a source is done with, and what was wrong where something was. It must not wait."""


class AwaitedCalls:
    """The calls of such sources."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._over: dict[str, Over] = {}
        """By the id of the call that the source has."""
        monitor.on_end(self._ended)

    def follow(
        self,
        source: Source,
        name: str | None,
        metadata: Mapping[str, Any],
        over: Over,
        *,
        begun: Callable[[LiveCall], object] | None = None,
        give_up: Callable[[], bool] = lambda: False,
    ) -> None:
        """Wait for audio, and begin a call with it, whose id begins with `name`; `over` when that is over, or where none came.

        `begun` is told the call. `give_up` is asked until audio comes, as often as one looks; where it says so, the source is
        let go of. Raises `BusyError` where nothing is heard any more.
        """

        def begin(audible: Source) -> None:
            call_id = new_call_id(datetime.now(UTC), name)
            self._over[call_id] = over
            try:
                call = self._monitor.start_call(audible, call_id=call_id, metadata=metadata)
            except BaseException:
                del self._over[call_id]
                raise
            if begun is not None:
                begun(call)

        if not isinstance(source, PolledSource):
            label = f"source-{source.description}"
            threading.Thread(target=_wait, args=(source, begin, over, give_up), name=label, daemon=True).start()
            return
        try:
            self._monitor.hear(_Awaited(source, begin, over, give_up))
        except BaseException:
            source.stop()
            raise

    def _ended(self, call: LiveCall) -> None:
        if (over := self._over.pop(call.id, None)) is not None:
            over(None)


class _Awaited:
    """A source at which one looks, until its first audio has come. See `Heard`."""

    def __init__(self, source: PolledSource, begin: Callable[[Source], None], over: Over, give_up: Callable[[], bool]) -> None:
        self.id = source.description
        self._source, self._begin, self._over, self._give_up = source, begin, over, give_up
        self._heard: Sequence[AudioChunk] = ()
        self._error: MonitorError | None = None
        self._ended = False

    def take(self) -> bool:
        """See `Heard`."""
        if self._give_up():
            return False
        try:
            self._heard = [chunk for chunk in self._source.look() if len(chunk.samples)]
        except MonitorError as error:
            self._error = error
            return False
        except Exception as error:
            log.exception("source_failed", source=self.id)
            self._error = MonitorError(f"{self.id}: defect in this program: {type(error).__name__}: {error}")
            return False
        return not self._heard and not self._source.over

    def heard(self) -> Sequence[LegRun]:
        """See `Heard`."""
        return ()

    def go_on(self) -> None:
        """See `Heard`."""

    def write(self) -> None:
        """See `Heard`."""

    def confirm(self) -> None:
        """See `Heard`."""

    def interrupt(self) -> None:
        """See `Heard`."""
        self._heard = ()
        self._end()

    def conclude(self) -> None:
        """See `Heard`: the call begins, or none came."""
        if self._heard:
            try:
                self._begin(BegunPolledSource(self._source, self._heard))
                return
            except MonitorError as error:
                self._error = error
        self._end()

    def _end(self) -> None:
        self._source.stop()
        self._source.close()
        if not self._ended:
            self._ended = True
            self._over(self._error)


def _wait(source: Source, begin: Callable[[Source], None], over: Over, give_up: Callable[[], bool]) -> None:
    try:
        begun = first_audio(source, give_up)
        if begun is None:
            over(None)
        else:
            begin(begun)
    except MonitorError as error:
        over(error)
