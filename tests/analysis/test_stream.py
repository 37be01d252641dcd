"""A stream of embeddings: in order, a few at a time, errors by file."""

import threading
from pathlib import Path

import numpy as np
import pytest

from monitor.analysis import Embedding, Moment, stream
from monitor.analysis.errors import MissingError, NotAnArrayError
from monitor.analysis.stream import AHEAD
from monitor.store.zarr.store import ZarrStore

WORKERS = pytest.mark.parametrize("workers", [1, 3])


def first(embedding: Embedding) -> float:
    return float(embedding.vectors[0, 0])


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(30):
        np.save(folder / f"{number:02}.npy", np.full(4, number, np.float32))
    return folder


@WORKERS
def test_the_order_is_that_of_the_names(many: Path, workers: int) -> None:
    assert [outcome.value for outcome in stream(many, first, workers=workers)] == list(range(30))


@WORKERS
def test_what_fails_costs_itself_alone(many: Path, workers: int) -> None:
    (many / "07.npy").write_bytes(b"no array")
    found = list(stream(["none.npy", many], first, workers=workers))
    assert [type(outcome.error) for outcome in found if outcome.error] == [MissingError, NotAnArrayError]
    assert (found[0].source, found[8].source, found[30].value) == ("none.npy", str(many / "07.npy"), 29)


@WORKERS
def test_what_the_function_raises_is_the_error_of_that_file(many: Path, workers: int) -> None:
    found = list(stream(many, lambda embedding: 1 / first(embedding), workers=workers))
    assert [type(outcome.error) for outcome in found[:2]] == [ZeroDivisionError, type(None)]


@WORKERS
def test_no_more_than_a_few_are_loaded_before_they_are_taken(many: Path, workers: int) -> None:
    loaded: list[float] = []
    outcomes = stream(many, lambda embedding: loaded.append(first(embedding)), workers=workers)
    next(outcomes)
    next(outcomes)
    assert len(loaded) <= 2 + workers * AHEAD
    outcomes.close()


def test_several_are_worked_on_at_once(many: Path) -> None:
    together = threading.Barrier(3, timeout=60)
    assert len([outcome for outcome in stream(many, lambda _: together.wait(), workers=3) if outcome.error is None]) == 30


def test_progress_is_told_one_by_one(many: Path) -> None:
    told: list[tuple[int, str]] = []
    list(stream(str(many / "0[0-2].npy"), first, progress=lambda done, name: told.append((done, Path(name).name))))
    assert told == [(1, "00.npy"), (2, "01.npy"), (3, "02.npy")]


def test_paths_may_come_from_an_iterator(many: Path) -> None:
    assert [outcome.value for outcome in stream((many / f"0{number}.npy" for number in range(3)), first)] == [0, 1, 2]


def test_calls_moments_days_and_lines_of_the_catalogue_are_streamed(store: ZarrStore) -> None:
    named = [Moment("call-1", "agent"), "call-1@0-1", "2026-03-01", *store.catalogue()]
    assert [outcome.source for outcome in stream(named, first, store=store)] == [
        "call-1/agent",
        "call-1@0-1/customer",
        "call-1@0-1/agent",
        *["call-1/customer", "call-1/agent"] * 2,
    ]


def test_no_workers_are_refused(many: Path) -> None:
    with pytest.raises(ValueError, match="workers must be at least 1"):
        stream(many, first, workers=0)
