"""What every store does, in tests. They ask for a fixture `make_store`: how the store is opened.

It gives a function that opens the same store, empty at first, each time as another user of it would.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.conformance.stored_calls import (
    FORMATS,
    STARTED,
    assert_as_written,
    assert_same_frames,
    frames_of,
    record_of,
)
from monitor.errors import ConfigError, NotFoundError, StoreError
from monitor.events import Frames, Leg, Mark
from monitor.frame_format import LegFormat
from monitor.store.base import CallWriter, Store

MakeStore = Callable[[], Store]


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    """The store, opened once."""
    return make_store()


def write(writer: CallWriter, frames: int, call: str = "call-1", step: int = 25) -> CallWriter:
    for start in range(0, frames, step):
        for leg in FORMATS:
            writer.append(frames_of(call, leg, start, min(step, frames - start)))
    return writer


def stored_call(store: Store, call: str = "call-1", frames: int = 100, **changes: Any) -> None:
    write(store.create(record_of(call, **changes)), frames, call).finish("finished", {"customer": {"codec": "PCMU"}})


@pytest.mark.parametrize("count", [0, 1, 5, 25, 1499, 1500, 1501, 4003])
@pytest.mark.parametrize("step", [25, 1000])
def test_a_finished_call_gives_back_what_was_written(count: int, step: int, make_store: MakeStore) -> None:
    write(make_store().create(record_of()), count, step=step).finish("finished", {"customer": {"codec": "PCMU"}})

    stored = make_store().open("call-1")

    assert (stored.status, stored.reason) == ("complete" if count else "empty", "finished")
    assert stored.reports == {"customer": {"codec": "PCMU"}}
    assert stored.record == record_of()
    assert [stored.committed(leg) for leg in FORMATS] == [count, count]
    assert_as_written(stored)


@pytest.mark.parametrize("count", [0, 25, 1500, 1525, 3000])
def test_a_live_call_can_be_read_as_far_as_it_is_committed(count: int, make_store: MakeStore) -> None:
    writer = write(make_store().create(record_of()), count)

    stored = make_store().open("call-1")

    assert stored.status == "live"
    assert [stored.committed(leg) for leg in FORMATS] == [writer.committed(leg) for leg in FORMATS] == [count, count]
    assert_as_written(stored)


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (5, 7), (1490, 1510), (1500, 1500), (2000, 9999), (0, None), (9000, 9999)])
def test_any_stretch_can_be_read(start: int, stop: int | None, store: Store) -> None:
    write(store.create(record_of()), 2040)
    end = max(start, min(2040, 2040 if stop is None else stop))

    found = store.open("call-1").read("customer", start, stop)

    assert_same_frames(found, frames_of("call-1", "customer", start, end - start))


def test_blocks_bring_the_legs_side_by_side_and_leave_nothing_out(store: Store) -> None:
    writer = write(store.create(record_of()), 1100)
    writer.append(frames_of("call-1", "agent", 1100, 13))

    blocks = list(store.open("call-1").blocks(seconds=10))

    assert [(block.leg, block.start, len(block)) for block in blocks] == [
        ("customer", 0, 500),
        ("agent", 0, 500),
        ("customer", 500, 500),
        ("agent", 500, 500),
        ("customer", 1000, 100),
        ("agent", 1000, 113),
    ]
    assert_same_frames(blocks[3], frames_of("call-1", "agent", 500, 500))


def test_a_leg_that_may_not_be_analysed_keeps_its_speech_alone(store: Store) -> None:
    silent: dict[Leg, LegFormat] = {"agent": LegFormat(dim=0, classes=0)}
    writer = store.create(record_of(legs=silent))
    writer.append(frames_of("call-1", "agent", 0, 50, silent["agent"]))
    writer.finish("finished", {})

    found = store.open("call-1").read("agent")

    assert (found.embedding.shape, found.logits.shape) == ((50, 0), (50, 0))
    assert_same_frames(found, frames_of("call-1", "agent", 0, 50, silent["agent"]))


def test_skipped_frames_stay_skipped(store: Store) -> None:
    frames = frames_of("call-1", "customer", 0, 25)
    skipped = replace(
        frames,
        embedding=np.full_like(frames.embedding, np.nan),
        logits=np.full_like(frames.logits, np.nan),
        speech=np.zeros_like(frames.speech),
        marks=np.full_like(frames.marks, Mark.SKIPPED),
    )
    writer = store.create(record_of())
    writer.append(skipped)
    writer.finish("finished", {})

    assert_same_frames(store.open("call-1").read("customer"), skipped)


def bad_frames(**changes: object) -> Frames:
    return replace(frames_of("call-1", "customer", 0, 25), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (frames_of("call-1", "customer", 25, 25), "leg customer ends at frame 0, got frames from 25"),
        (bad_frames(call="other"), "got other/customer"),
        (bad_frames(leg="mixed"), "got call-1/mixed"),
        (bad_frames(logits=np.zeros((25, 4), np.float32)), r"logits of leg customer must have shape \(25, 3\)"),
        (bad_frames(speech=np.full(25, np.nan, np.float32)), "speech probabilities that are not finite"),
        (bad_frames(logits=np.full((25, 3), np.nan, np.float32)), "logits that are not finite"),
        (bad_frames(embedding=np.full((25, 16), np.inf, np.float32)), "embeddings that are not finite"),
        (bad_frames(marks=np.full(25, 255, np.uint8)), "marks that no version wrote"),
        (bad_frames(embedding=np.full((25, 16), 0.1, np.float32)), "not rounded"),
    ],
)
def test_frames_that_do_not_belong_there_are_refused_and_change_nothing(frames: Frames, message: str, store: Store) -> None:
    writer = store.create(record_of())

    with pytest.raises(ValueError, match=message):
        writer.append(frames)

    assert writer.committed("customer") == 0


def test_an_id_is_taken_once(store: Store) -> None:
    stored_call(store)

    with pytest.raises(StoreError, match="a call of this id is in the store"):
        store.create(record_of(started_at=STARTED + timedelta(days=3)))


@pytest.mark.parametrize("call", ["../../etc", "a/b", ".hidden", ""])
def test_a_path_is_no_id(call: str, store: Store) -> None:
    stored_call(store)

    with pytest.raises(ConfigError, match="not a call id"):
        store.open(call)
    with pytest.raises(ConfigError, match="not a call id"):
        store.delete(call)
    with pytest.raises(ConfigError, match="not a call id"):
        store.create(record_of(call))


def test_unknown_calls_and_legs_are_not_found(store: Store) -> None:
    stored_call(store)

    with pytest.raises(NotFoundError, match="call other is not in this store"):
        store.open("other")
    with pytest.raises(NotFoundError, match="call other is not in this store"):
        store.delete("other")
    with pytest.raises(NotFoundError, match="call-1 has no leg mixed; it has customer, agent"):
        store.open("call-1").read("mixed")


def test_the_catalogue_lists_the_newest_call_first(store: Store) -> None:
    stored_call(store, "older", started_at=STARTED - timedelta(hours=1))
    stored_call(store, "newer", 50)
    writer = write(store.create(record_of("oldest", started_at=STARTED - timedelta(days=9))), 25, "oldest")

    lines = store.catalogue()

    assert [(line.id, line.status, line.seconds) for line in lines] == [
        ("newer", "complete", 1.0),
        ("older", "complete", 2.0),
        ("oldest", "live", 0.5),
    ]
    assert lines[0] == store.open("newer").summary()
    assert lines[0].legs == {"customer": 50, "agent": 50}
    assert lines[0].bytes > 50 * (16 * 2 + 3 * 4)
    assert lines[0].metadata == {"queue": "sales"}
    assert lines[2].legs == {leg: writer.committed(leg) for leg in FORMATS}


def test_a_store_without_calls_has_an_empty_catalogue(store: Store) -> None:
    assert store.catalogue() == []
    assert store.recover() == []


def test_a_deleted_call_is_gone_and_its_id_is_free(store: Store, tmp_path: Path) -> None:
    stored_call(store, "gone")
    stored_call(store, "stays")

    store.delete("gone")

    assert [line.id for line in store.catalogue()] == ["stays"]
    assert [path for path in tmp_path.rglob("*") if "gone" in path.name] == []
    stored_call(store, "gone")


def test_a_live_call_is_not_deleted(make_store: MakeStore) -> None:
    writer = write(make_store().create(record_of()), 25)

    with pytest.raises(StoreError, match="cannot delete call call-1: it is live"):
        make_store().delete("call-1")

    writer.finish("finished", {})
    assert_as_written(make_store().open("call-1"))


def test_a_closed_call_takes_no_further_frames(store: Store) -> None:
    writer = write(store.create(record_of()), 25)
    writer.finish("finished", {})

    with pytest.raises(ValueError, match="call call-1 is closed"):
        writer.append(frames_of("call-1", "customer", 25, 25))


def test_metadata_that_is_not_json_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not JSON with finite numbers"):
        store.create(record_of(metadata={"score": float("nan")}))

    assert store.catalogue() == []
