"""Stored calls as xarray datasets."""

import copy
from datetime import timedelta

import numpy as np
import pytest

from monitor.conformance.stored_calls import STARTED, frames_of, record_of
from monitor.datasets import StoredCalls
from monitor.errors import ConfigError, NotFoundError, StoreError
from monitor.store.memory import MemoryStore
from monitor.store.zarr.store import ZarrStore
from tests.datasets.conftest import POOLED, UNHEARD, WIDE, Keep, Reads, lose, skipped


def test_a_leg_is_a_dataset_of_its_frames(calls: StoredCalls) -> None:
    leg = calls["call-1"]["customer"]
    frames = frames_of("call-1", "customer", 0, 1750, WIDE)
    assert dict(leg.sizes) == {"time": 1750, "feature": 16, "label": 3}
    np.testing.assert_array_equal(leg.embedding, frames.embedding)
    np.testing.assert_array_equal(leg.logits, frames.logits)
    np.testing.assert_array_equal(leg.speech, frames.speech)
    np.testing.assert_array_equal(leg.marks, frames.marks)


def test_its_coordinates_are_seconds_the_wall_clock_and_labels(calls: StoredCalls) -> None:
    frame = calls["call-1"]["customer"].isel(time=57)
    assert float(frame.time) == 1.14
    assert frame.clock.values == np.datetime64((STARTED + timedelta(seconds=1.14)).replace(tzinfo=None), "ns")
    assert frame.label.values.tolist() == ["angry", "happy", "neutral"]


def test_nothing_is_read_before_it_is_asked_for_and_then_no_more(calls: StoredCalls, reads: Reads) -> None:
    angry = calls["call-1"]["customer"].logits.sel(label="angry", time=slice(1.14, 1.3))
    assert reads == []
    np.testing.assert_array_equal(angry, frames_of("call-1", "customer", 0, 100, WIDE).logits[57:66, 0])
    assert reads == [("customer", 55, 11)]


def test_variables_of_one_stretch_are_read_together(calls: StoredCalls, reads: Reads) -> None:
    calls["call-1"]["customer"].isel(time=slice(0, 100)).load()
    assert reads == [("customer", 0, 100)]


def test_between_frames_that_are_far_apart_nothing_is_read(calls: StoredCalls, reads: Reads) -> None:
    picked = calls["call-1"]["customer"].embedding.isel(time=[1700, 3, 4, -1], feature=[2, 0])
    frames = frames_of("call-1", "customer", 0, 1750, WIDE)
    np.testing.assert_array_equal(picked, frames.embedding[[1700, 3, 4, -1]][:, [2, 0]])
    assert reads == [("customer", 0, 5), ("customer", 1700, 50)]


@pytest.mark.parametrize("key", [slice(None, None, -7), slice(3, 1600, 400), slice(10, 10), 1749, [5], slice(-3, None)])
def test_every_way_of_indexing_gives_what_the_whole_array_gives(calls: StoredCalls, key: object) -> None:
    frames = frames_of("call-1", "customer", 0, 1750, WIDE)
    np.testing.assert_array_equal(calls["call-1"]["customer"].embedding[key, 1:4], frames.embedding[key, 1:4])


def test_embeddings_pooled_to_10_hz_are_there_for_each_frame_that_they_stand_for(calls: StoredCalls) -> None:
    leg = calls["call-1"]["agent"]
    rows = frames_of("call-1", "agent", 0, 600, POOLED).embedding
    np.testing.assert_array_equal(leg.embedding, np.repeat(rows, 5, axis=0))
    np.testing.assert_array_equal(leg.embedding.isel(time=slice(None, None, 5)), rows)
    np.testing.assert_array_equal(leg.embedding.isel(time=slice(13, 18)), np.repeat(rows, 5, axis=0)[13:18])
    assert leg.embedding.attrs["rate"] == 10


def test_a_call_is_a_tree_of_its_legs(calls: StoredCalls) -> None:
    tree = calls["call-1"].to_datatree()
    assert (tree.name, list(tree.children)) == ("call-1", ["customer", "agent"])
    assert tree["agent"].attrs["call"] == "call-1"
    assert tree["agent/speech"].sizes == {"time": 600}


def test_frames_of_a_live_call_are_there_as_far_as_they_are_committed(calls: StoredCalls, keep: Keep) -> None:
    writer = keep("call-2")
    writer.append(frames_of("call-2", "customer", 1750, 50, WIDE))
    live = calls["call-2"]
    assert (live.status, live["customer"].sizes["time"]) == ("live", 1800)
    np.testing.assert_array_equal(live["customer"].speech, frames_of("call-2", "customer", 0, 1800, WIDE).speech)


def test_a_leg_that_may_not_be_analysed_has_speech_alone(calls: StoredCalls, keep: Keep) -> None:
    keep("call-2", legs={"customer": WIDE, "agent": UNHEARD}).finish("finished", {})
    assert set(calls["call-2"]["agent"].variables) == {"speech", "marks", "time", "clock"}


def test_a_frame_without_a_result_is_nan(calls: StoredCalls, keep: Keep) -> None:
    writer = keep("call-2", legs={"customer": WIDE})
    writer.append(skipped(frames_of("call-2", "customer", 1750, 50, WIDE)))
    last = calls["call-2"]["customer"].isel(time=-1)
    assert (int(last.marks), bool(np.isnan(last.embedding).all())) == (4, True)


def test_what_is_damaged_is_an_error_and_no_missing_value(calls: StoredCalls, kept: ZarrStore) -> None:
    leg = calls["call-1"]["customer"]
    lose(kept, "call-1", "customer/embedding/c/1/0")
    leg.isel(time=slice(0, 1500)).load()
    with pytest.raises(StoreError, match="call call-1 is damaged: leg customer"):
        leg.isel(time=slice(1500, 1600)).load()


def test_a_dataset_can_be_copied_deeply(calls: StoredCalls) -> None:
    copied = copy.deepcopy(calls["call-1"]["customer"])
    np.testing.assert_array_equal(copied.speech[:100], frames_of("call-1", "customer", 0, 100, WIDE).speech)


def test_calls_are_found_by_id_newest_first(calls: StoredCalls, keep: Keep) -> None:
    keep("call-2", STARTED + timedelta(days=1)).finish("finished", {})
    assert (list(calls), len(calls), "call-1" in calls, "no" in calls) == (["call-2", "call-1"], 2, True, False)
    assert repr(calls["call-1"]) == "<call call-1, complete, frames: customer 1750, agent 600>"


def test_the_catalogue_is_a_table(calls: StoredCalls) -> None:
    table = calls.catalogue()
    assert table.loc["call-1", "started_at"] == STARTED
    assert table.loc["call-1", "legs"] == {"customer": 1750, "agent": 600}
    assert table.loc["call-1", "metadata"] == {"queue": "sales"}


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ((), ["call-1", "call-2"]),
        (("2026-03-01",), ["call-1"]),
        (("2026-03-01..2026-03-02",), ["call-1", "call-2"]),
        (("live", "call-1"), ["call-1", "live"]),
        (("2026-03-02", "call-2"), ["call-2"]),
    ],
)
def test_calls_are_chosen_by_id_and_day_oldest_first(
    calls: StoredCalls, keep: Keep, named: tuple[str, ...], found: list[str]
) -> None:
    keep("call-2", STARTED + timedelta(days=1)).finish("finished", {})
    live = keep("live", STARTED + timedelta(days=1, hours=1))
    assert calls.chosen(*named) == found
    live.finish("finished", {})


@pytest.mark.parametrize("named", ["no-such-call", "2026-01-01"])
def test_what_names_nothing_is_refused(calls: StoredCalls, named: str) -> None:
    with pytest.raises((NotFoundError, ConfigError), match=named):
        calls.chosen(named)


def test_what_is_not_there_is_refused(calls: StoredCalls) -> None:
    with pytest.raises(NotFoundError, match="call no-such-call is not in this store"):
        calls["no-such-call"]
    with pytest.raises(NotFoundError, match="call call-1 has no leg mixed; it has"):
        calls["call-1"]["mixed"]


def test_a_store_in_memory_is_read_by_who_has_it() -> None:
    store = MemoryStore()
    store.create(record_of(legs={"customer": WIDE})).append(frames_of("call-1", "customer", 0, 10, WIDE))
    assert StoredCalls(store)["call-1"]["customer"].sizes["time"] == 10
