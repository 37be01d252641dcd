"""Brings the index up to the store: takes in the calls that ended, and removes those that are gone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.analysis.search.index import LARGE, SearchIndex
from monitor.analysis.search.pieces import Pieces, pieces_of
from monitor.errors import MonitorError, NotFoundError, StoreError
from monitor.extras import ANALYSIS, need
from monitor.learned.engine_key import EngineKey
from monitor.store.base import Store

_MOST_VALUES = 2**26
"""Of the vectors that wait to be written: 128 MB."""


@dataclass(frozen=True, slots=True)
class Update:
    """What an update did."""

    added: int = 0
    """Calls."""
    removed: int = 0
    failed: tuple[str, ...] = ()
    """Why calls were not indexed."""
    damage: tuple[str, ...] = ()
    """What was damaged of the index, and was taken from the store again."""


def update(
    index: SearchIndex,
    store: Store,
    *,
    anew: bool = False,
    progress: Callable[[int, int], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Update:
    """Take in all calls of the store that are over and not indexed, remove what it has no more, and build the graphs.

    What is damaged of the index is dropped and taken from the store again. `anew` begins from nothing. `progress` is told how
    many calls of how many are read; where `stopped`, the rest is left for another time. Raises `StoreError` where the index
    cannot be written.
    """
    need(ANALYSIS, "the search index", StoreError)
    index.calls()
    damage = index.damage
    if anew or damage:
        index.clear() if anew else index.repair()
    there = store.catalogue()
    indexed = index.calls()
    if gone := indexed - {line.id for line in there}:
        index.remove(gone)
    ended = [line.id for line in there if line.status != "live" and line.id not in indexed]
    added, failed = add_calls(index, store, ended, progress=progress, stopped=stopped)
    while not stopped() and index.settle():
        pass
    return Update(added, len(gone), tuple(failed), damage)


def add_calls(
    index: SearchIndex,
    store: Store,
    calls: list[str],
    *,
    progress: Callable[[int, int], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[int, list[str]]:
    """Take in calls; how many, and why others could not be. Builds no graph."""
    added, failed, waiting = 0, list[str](), list[dict[EngineKey, Pieces]]()
    for number, call in enumerate(calls, 1):
        if stopped():
            break
        try:
            waiting.append(pieces_of(store.open(call)))
            added += 1
        except NotFoundError:  # erased meanwhile
            continue
        except MonitorError as error:
            failed.append(f"{call}: {error}")
        if _is_much(waiting):
            index.add(waiting, lambda one: _is_there(store, one))
            waiting.clear()
        if progress is not None:
            progress(number, len(calls))
    if waiting:
        index.add(waiting, lambda one: _is_there(store, one))
    return added, failed


def _is_much(waiting: Iterable[dict[EngineKey, Pieces]]) -> bool:
    every = [pieces for call in waiting for pieces in call.values()]
    return sum(map(len, every)) >= LARGE // 2 or sum(pieces.vectors.size for pieces in every) >= _MOST_VALUES


def _is_there(store: Store, call: str) -> bool:
    try:
        store.open(call)
    except NotFoundError:
        return False
    except StoreError:
        return True
    return True
