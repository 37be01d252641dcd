"""Erasing a call is whole: interrupted, it is finished at the next start; it needs no room; nothing of others is lost by it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from monitor.conformance.stored_calls import FORMATS, assert_as_written, frames_of, record_of
from monitor.errors import BusyError, NotFoundError, StoreError, TakenError
from monitor.history.history import History, forget_call
from monitor.store.disk import hold
from monitor.store.sink_state import DeadLetter
from monitor.store.traces import traces
from monitor.store.zarr import erasing, ledger
from monitor.store.zarr.store import ZarrStore
from tests.store.conftest import Worker
from tests.store.full_disk import disk_with_room
from tests.store.worker import append_events
from tests.store.zarr_folder import store_at

GONE, STAYS = "20260301-093000-gone", "20260301-093000-stays"
NAME = "Jane Doe"
KILLS = 10


def keep(store: ZarrStore, call: str, name: str) -> None:
    """A finished call with all that a store keeps of one, and a dead letter."""
    writer = store.create(record_of(call, metadata={"caller": name}))
    for leg in FORMATS:
        writer.append(frames_of(call, leg, 0, 100))
        writer.append_audio(leg, np.zeros(32_000, np.float32))
    append_events(str(store.settings.path), 12, call)
    letter = {"seq": 1, "type": "call_started", "call": call, "metadata": {"caller": name}}
    store.sink_state("desk").letters.add(DeadLetter(store.journal.last, "2026-03-01", 3, "HTTP 500", letter), lambda: True)
    writer.finish("finished", {})


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with a call that is to go and one that stays, in several segments, with indexes."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ledger, "SEGMENT_BYTES", 1_000)
        patched.setattr(ledger, "RECENT", 600)
        path = tmp_path_factory.mktemp("kept") / "store"
        store = store_at(path, audio="flac")
        keep(store, GONE, NAME)
        keep(store, STAYS, "John Roe")
        store.journal.read(0, call=GONE)  # makes the index of the journal
        history = History(store)
        assert history.catch_up(60.0)
        history.close()
        yield path


@pytest.fixture
def store(kept: Path, tmp_path: Path) -> ZarrStore:
    return store_at(Path(shutil.copytree(kept, tmp_path / "store")), audio="flac")


def found(store: ZarrStore) -> list[str]:
    return sorted({one.file for one in traces(store.layout.root, [GONE, NAME])})


def assert_the_other_is_whole(store: ZarrStore) -> None:
    assert_as_written(store.open(STAYS))
    assert len(store.journal.read(0, call=STAYS)) == 12
    assert [message["seq"] for message in store.journal.read(0)] == list(range(1, 25))
    assert [letter.message["call"] for letter in store.sink_state("desk").letters.read()] == [STAYS]


def erase(store: ZarrStore) -> None:
    store.delete(GONE)
    forget_call(store, GONE)


def test_there_is_much_to_be_found_of_a_call_that_is_kept(store: ZarrStore) -> None:
    places = {file.split("/")[0] for file in found(store)}

    assert places == {"audio", "calls", "index", "journal", "levels", "sinks", "snapshots"}


def test_nothing_is_found_of_a_call_that_was_erased(store: ZarrStore) -> None:
    erase(store)

    assert found(store) == []
    assert_the_other_is_whole(store)


def test_a_full_disk_lets_a_call_go(store: ZarrStore) -> None:
    with disk_with_room(0):
        erase(store)

    assert found(store) == []
    assert_the_other_is_whole(store)


@pytest.fixture(scope="module")
def steps(kept: Path, first_worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> int:
    """After how many changes of the disk a call is erased."""
    path = shutil.copytree(kept, tmp_path_factory.mktemp("whole") / "store")
    first_worker.start("erase_until", path=str(path), call=GONE, step=-1)
    steps: int = first_worker.result()
    assert steps > KILLS
    return steps


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_kill_while_a_call_is_erased_leaves_nothing_of_it_after_the_next_start(
    kill: int, store: ZarrStore, steps: int, worker: Worker
) -> None:
    worker.start("erase_until", path=str(store.settings.path), call=GONE, step=1 + kill * (steps - 2) // (KILLS - 1))
    assert worker.result() is None  # it was killed

    again = store_at(store.settings.path)
    with again.serving():
        again.recover()
    history = History(again)
    assert history.catch_up(60.0)
    history.close()

    assert found(again) == []
    assert_the_other_is_whole(again)


def test_an_id_whose_erasure_was_interrupted_is_free_once_that_is_done(store: ZarrStore) -> None:
    store.layout.erasing(GONE).parent.mkdir()
    store.layout.erasing(GONE).touch()

    store.create(record_of(GONE)).finish("finished", {})
    again = store_at(store.settings.path)
    again.recover()

    assert again.open(GONE).record.metadata == {"queue": "sales"}
    assert again.journal.read(0, call=GONE) == []


def test_a_call_that_another_erases_at_this_moment_is_left_to_it_and_holds_up_no_other(store: ZarrStore) -> None:
    note = store.layout.erasing(GONE)
    note.parent.mkdir()
    other = store_at(store.settings.path)
    with hold(note):
        with pytest.raises(BusyError, match=f"call {GONE} is being erased at this moment"):
            other.delete(GONE)
        with pytest.raises(TakenError, match=f"cannot create call {GONE}: call {GONE} is being erased"):
            other.create(record_of(GONE))
        other.recover()
        other.create(record_of("new")).discard()
        other.delete(STAYS)
        left = other.ids()
    store.delete(GONE)

    assert (left, store.ids(), note.exists()) == ({GONE}, set(), False)


def test_an_erasure_that_was_over_before_its_note_was_locked_is_begun_anew(
    store: ZarrStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[BinaryIO] = []

    def late(path: Path) -> BinaryIO:
        """The first time, the note goes between opening and locking it."""
        file = hold(path)
        if not held:
            path.unlink()
        held.append(file)
        return file

    monkeypatch.setattr(erasing, "hold", late)
    begun = erasing.begin_erasing(store.layout, GONE)

    assert (begun is held[1], store.layout.being_erased()) == (True, [GONE])


def test_a_refused_erasure_is_not_done_later(store: ZarrStore) -> None:
    writer = store.create(record_of("live-1"))

    with pytest.raises(StoreError, match="cannot delete call live-1: it is live"):
        store.delete("live-1")
    with pytest.raises(NotFoundError):
        store.delete("nobody")
    writer.finish("finished", {})
    store_at(store.settings.path).recover()

    assert store.open("live-1").status == "empty"
    assert store.layout.being_erased() == []


def test_what_a_kill_left_half_written_goes_at_the_next_start(store: ZarrStore) -> None:
    writer = store.create(record_of("live-1"))
    writer.append(frames_of("live-1", "customer", 0, 50))
    writer.snapshot()
    left = [
        store.layout.snapshots("live-1") / "customer" / ".77-abcdef01.tmp",
        store.layout.sinks / "desk" / ".77-abcdef02.tmp",
        store.layout.journal / ".77-abcdef03.tmp",
    ]
    for path in left:
        path.write_text(NAME)
    writer.abandon()

    again = store_at(store.settings.path)
    with again.serving():
        again.recover()

    assert [path.name for path in left if path.exists()] == []


def test_a_store_says_where_it_is_served(store: ZarrStore) -> None:
    said = [store.served_at()]
    with store.serving() as listens:
        said.append(store_at(store.settings.path).served_at())
        listens("http://127.0.0.1:8765")
        said.append(store_at(store.settings.path).served_at())

    assert [*said, store.served_at()] == [None, "", "http://127.0.0.1:8765", None]
