"""What every store does with the frames of a call, in tests: part of the suite `stores.py`."""

from dataclasses import replace

import numpy as np
import pytest

from monitor.conformance.stored_calls import (
    FORMATS,
    MakeStore,
    assert_as_written,
    assert_same_frames,
    frames_of,
    record_of,
    write,
)
from monitor.events import Frames, Leg, Mark
from monitor.frame_format import LegFormat, without_embedding
from monitor.store.base import Store


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


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (1490, 1510), (1500, 1500), (0, None), (9000, 9999)])
@pytest.mark.parametrize("closed", [True, False])
def test_results_are_the_same_frames_without_embeddings(closed: bool, start: int, stop: int | None, store: Store) -> None:
    writer = write(store.create(record_of()), 2040)
    if closed:
        writer.finish("finished", {})
    stored = store.open("call-1")

    assert_same_frames(stored.results("customer", start, stop), without_embedding(stored.read("customer", start, stop)))


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


def test_a_closed_call_takes_no_further_frames(store: Store) -> None:
    writer = write(store.create(record_of()), 25)
    writer.finish("finished", {})

    with pytest.raises(ValueError, match="call call-1 is closed"):
        writer.append(frames_of("call-1", "customer", 25, 25))


def test_a_call_that_was_opened_stays_as_it_was(store: Store) -> None:
    writer = write(store.create(record_of()), 50)
    before = store.open("call-1")

    writer.append(frames_of("call-1", "customer", 50, 25))

    assert (before.committed("customer"), len(before.read("customer"))) == (50, 50)
    assert store.open("call-1").committed("customer") == 75


def test_what_is_written_later_to_the_arrays_of_frames_is_not_stored(store: Store) -> None:
    writer = store.create(record_of())
    frames = frames_of("call-1", "customer", 0, 25)
    writer.append(frames)

    frames.logits[:] = 7
    frames.embedding[:] = 7

    assert_same_frames(store.open("call-1").read("customer"), frames_of("call-1", "customer", 0, 25))
