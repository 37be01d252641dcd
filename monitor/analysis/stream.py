"""Goes through thousands of embeddings without holding more than a few of them."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from monitor.ahead import in_order
from monitor.analysis.embedding import Embedding
from monitor.analysis.moment import Named, Reference, StoreOrOpener, each_reference

Value = TypeVar("Value")

AHEAD = 2
"""Embeddings a thread that are loaded before those ahead of them are taken."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Value]):
    """What became of one embedding."""

    source: str
    """Of the file, folder or moment; where the text named nothing, the text."""
    value: Value | None
    """What the function gave; None where there is an error."""
    error: Exception | None
    """Why there is no value: an `EmbeddingError`, a `StoreError`, or what the function raised."""


def stream(
    named: Named | Iterable[Named],
    function: Callable[[Embedding], Value],
    *,
    store: StoreOrOpener = None,
    workers: int = 1,
    progress: Callable[[int, str], None] | None = None,
) -> Iterator[Outcome[Value]]:
    """Load what is named, one after the other, and call `function` with each: what it gave, in the order of the names.

    `named` is what `references` takes: files, folders, patterns, calls, moments, days, lines of a catalogue; one of them or
    many, or an iterator. What cannot be loaded, and what the function raises, is the error of that one outcome; the others
    go on. No more than `AHEAD` embeddings a worker are in memory, however many there are.

    With 1 worker all is done in this thread. More are threads that load and call the function at once, which must not keep
    state then; that is faster where it works long in NumPy, and slower where it is quick. `progress` is called with how many
    are done and the name of the last, before that is given out.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    many = [named] if isinstance(named, Named) else named
    return _told(_outcomes(each_reference(many, store), partial(_outcome, function), workers), progress)


def _outcomes(
    references: Iterable[Reference], do: Callable[[Reference], Outcome[Value]], workers: int
) -> Iterator[Outcome[Value]]:
    if workers == 1:
        yield from map(do, references)
        return
    with ThreadPoolExecutor(workers, "embeddings") as pool:
        for _, future in in_order(pool, do, references, workers * AHEAD):
            yield future.result()


def _told(outcomes: Iterator[Outcome[Value]], progress: Callable[[int, str], None] | None) -> Iterator[Outcome[Value]]:
    for done, outcome in enumerate(outcomes, 1):
        if progress is not None:
            progress(done, outcome.source)
        yield outcome


def _outcome(function: Callable[[Embedding], Value], reference: Reference) -> Outcome[Value]:
    try:
        return Outcome(reference.name, function(reference.load()), None)
    except Exception as error:  # noqa: BLE001 - one of thousands; the caller is told
        return Outcome(reference.name, None, error)
