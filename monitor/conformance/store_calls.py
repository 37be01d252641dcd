"""How calls begin, end, are listed and go, in tests that every store passes: part of the suite `stores.py`."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from monitor.analysis import load
from monitor.conformance.store_journal import state
from monitor.conformance.stored_calls import (
    FORMATS,
    STARTED,
    MakeStore,
    assert_as_written,
    frames_of,
    record_of,
    stored_call,
    write,
)
from monitor.errors import ConfigError, NotFoundError, StoreError, TakenError
from monitor.store.base import CallWriter, Store
from monitor.store.export import export_call


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


def test_the_ids_are_those_of_the_catalogue_and_each_has_its_line(make_store: MakeStore) -> None:
    store = make_store()
    before = store.ids()
    stored_call(make_store(), "one")
    writer = write(make_store().create(record_of("two")), 25, "two")

    during = store.ids()
    lines = [store.line("one"), store.line("two")]
    writer.finish("finished", {})
    make_store().delete("one")

    assert [sorted(ids) for ids in (before, during, store.ids())] == [[], ["one", "two"], ["two"]]
    assert [(line.id, line.status, line.seconds) for line in lines] == [("one", "complete", 2.0), ("two", "live", 0.5)]
    assert [store.line("two")] == store.catalogue()
    with pytest.raises(NotFoundError, match="call one is not in this store"):
        store.line("one")


def test_the_calls_whose_records_name_another_are_told(store: Store) -> None:
    for call, settings in (("plain", {}), ("learnt", {"learned": {"templates": [{"calls": ["plain"]}]}})):
        store.create(record_of(call, settings=settings)).finish("finished", {})

    assert "learnt" in store.naming("plain")
    assert set(store.naming("plain")) <= store.ids()


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


def test_a_deleted_call_that_is_still_open_reads_as_it_was_or_is_not_found_but_never_as_damaged(store: Store) -> None:
    stored_call(store, "gone")
    opened = store.open("gone")
    leg = next(iter(opened.record.legs))
    before = opened.read(leg)

    store.delete("gone")

    for read in (opened.read, opened.results):
        try:
            after = read(leg)
        except NotFoundError:
            continue
        np.testing.assert_array_equal(after.logits, before.logits)


def test_a_live_call_is_not_deleted(make_store: MakeStore) -> None:
    writer = write(make_store().create(record_of()), 25)

    with pytest.raises(StoreError, match="cannot delete call call-1: it is live"):
        make_store().delete("call-1")

    writer.finish("finished", {})
    assert_as_written(make_store().open("call-1"))


def test_metadata_that_is_not_json_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not JSON with finite numbers"):
        store.create(record_of(metadata={"score": float("nan")}))

    assert store.catalogue() == []


def test_a_call_that_never_began_is_taken_back_and_its_id_is_free(store: Store, tmp_path: Path) -> None:
    writer = store.create(record_of("gone"))

    writer.discard()

    assert (store.catalogue(), store.is_written("gone")) == ([], False)
    assert [path for path in tmp_path.rglob("*") if "gone" in path.name] == []
    with pytest.raises(NotFoundError, match="call gone is not in this store"):
        store.open("gone")
    stored_call(store, "gone")


def test_of_those_who_take_an_id_at_once_one_has_it(make_store: MakeStore) -> None:
    stores = [make_store() for _ in range(4)]

    def create(store: Store) -> CallWriter | TakenError:
        try:
            return store.create(record_of())
        except TakenError as error:
            return error

    with ThreadPoolExecutor(len(stores)) as threads:
        results = list(threads.map(create, stores))

    writers = [one for one in results if isinstance(one, CallWriter)]
    assert (len(writers), len(results)) == (1, 4)
    write(writers[0], 25).finish("finished", {})
    assert_as_written(make_store().open("call-1"))


def test_a_call_is_written_until_it_is_let_go_of(make_store: MakeStore) -> None:
    writer = write(make_store().create(record_of()), 25)
    during = make_store().is_written("call-1")

    writer.close("finished", {})
    closed = make_store().is_written("call-1")
    writer.release()

    assert (during, closed, make_store().is_written("call-1"), make_store().is_written("other")) == (True, True, False, False)


@pytest.mark.parametrize(
    ("reason", "status"),
    [("finished", "complete"), ("stopped", "complete"), ("interrupted", "interrupted"), ("error: x", "interrupted")],
)
def test_only_a_call_that_was_heard_to_its_end_is_complete(reason: str, status: str, store: Store) -> None:
    write(store.create(record_of()), 25).finish(reason, {})

    stored = store.open("call-1")

    assert (stored.status, stored.reason) == (status, reason)


def test_a_call_is_copied_out_as_files(store: Store, tmp_path: Path) -> None:
    stored_call(store, frames=75)
    store.journal.append(state("call-1"))
    folder = tmp_path / "out"

    names = export_call(store, "call-1", folder)

    levels = [f"{leg}/level.npy" for leg in FORMATS if store.open("call-1").results(leg).level is not None]
    assert names == sorted(
        ["call.json", "events.jsonl", *levels]
        + [f"{leg}/{name}" for leg in FORMATS for name in ("embedding.npy", "result.json", "utterance.npy")]
    )
    np.testing.assert_array_equal(load(folder / "customer").vectors, frames_of("call-1", "customer", 0, 75).embedding)
    told = json.loads((folder / "call.json").read_bytes())
    assert {key: told[key] for key in ("call", "status", "reason", "committed", "metadata")} == {
        "call": "call-1",
        "status": "complete",
        "reason": "finished",
        "committed": {"customer": 75, "agent": 75},
        "metadata": {"queue": "sales"},
    }


def test_a_store_that_takes_calls_says_so_and_is_there_once_it_has_one(store: Store) -> None:
    stored_call(store)

    assert (store.exists(), store.takes_calls(), bool(store.place)) == (True, True, True)


def test_a_store_may_be_served_again_after_it_was(make_store: MakeStore) -> None:
    with make_store().serving():
        stored_call(make_store())
    with make_store().serving(), make_store().recovering():
        assert make_store().recover() == []
