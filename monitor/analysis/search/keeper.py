"""Keeps the index up to date beside a service: a thread that nobody waits for."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

from monitor.analysis.search.index import SearchIndex, index_of
from monitor.analysis.search.updating import add_calls, update
from monitor.config.sections import AnalysisSection
from monitor.errors import ConfigError
from monitor.extras import ANALYSIS, need
from monitor.messages import CallEndedMessage, RecordedMessage
from monitor.store.base import Store

_LOG = structlog.get_logger(__name__)

LOOK_AGAIN = 5.0
"""Seconds after which it looks by itself: whether another process changed the index, or something is damaged."""
NICE = 10
"""By which its thread stands back behind the engine and the calls."""
TRY_AGAIN = 60.0
"""Seconds after an update that failed, as on a full disk."""


def index_to_keep(section: AnalysisSection, store: Store) -> SearchIndex | None:
    """The index that a service is to keep; None where it is told to keep none.

    Raises `ConfigError` where it cannot: the extra is lacking, or the store keeps no files.
    """
    if not section.index:
        return None
    need(ANALYSIS, "analysis.index", ConfigError)
    index = index_of(store)
    if index is None:
        raise ConfigError(f"analysis.index: the store ({store.place}) keeps no files, so there is no place for an index")
    return index


class IndexKeeper:
    """Takes in what ended before it started, and then each call as it ends."""

    def __init__(self, index: SearchIndex, store: Store) -> None:
        self._index = index
        self._store = store
        self._ended: list[str] = []
        self._changed = threading.Condition()
        self._closing = False
        self._unlisten: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="search-index", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._unlisten = self._store.journal.listen(self._take)
        self._thread.start()

    def close(self, patience: float = 2.0) -> None:
        """End. What was not taken in comes after the next start."""
        self._unlisten()
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(patience)

    def _take(self, message: RecordedMessage) -> None:
        if isinstance(message, CallEndedMessage):
            with self._changed:
                self._ended.append(message.call)
                self._changed.notify()

    def _run(self) -> None:
        with suppress(OSError, AttributeError):  # live calls come first
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        whole = False
        while not self._closing:
            try:
                if whole:
                    self._step()
                else:
                    done = update(self._index, self._store, stopped=lambda: self._closing)
                    whole = True
                    for failure in done.failed:
                        _LOG.warning("call_not_indexed", reason=failure)
                    if done.damage:
                        _LOG.warning("search_index_rebuilt", damage=list(done.damage))
                    _LOG.info("search_index_ready", added=done.added, removed=done.removed)
                wait, failed = LOOK_AGAIN, False
            except Exception as error:  # noqa: BLE001 - the thread must not end in silence
                _LOG.exception("search_index_not_updated", error=str(error))
                whole, wait, failed = False, TRY_AGAIN, True
            with self._changed:
                self._changed.wait_for(lambda: self._closing or (bool(self._ended) and not failed), wait)  # noqa: B023

    def _step(self) -> None:
        with self._changed:
            ended, self._ended = self._ended, []
        if ended := [call for call in ended if call not in self._index.calls()]:
            _, failed = add_calls(self._index, self._store, ended)
            for failure in failed:
                _LOG.warning("call_not_indexed", reason=failure)
        if not self._closing:
            self._index.settle()
        self._index.calls()
        if self._index.damage:
            damage = update(self._index, self._store, stopped=lambda: self._closing).damage
            _LOG.warning("search_index_rebuilt", damage=list(damage))
