"""The index: what is in it and on its disk, whoever writes it, and whatever becomes of its files."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from monitor.analysis import Moment
from monitor.analysis.erasing import erase_call
from monitor.analysis.moment import read_moment
from monitor.analysis.search import SearchIndex, search, update
from monitor.analysis.search import index as index_module
from monitor.analysis.search.pieces import Pieces
from monitor.config.sections import AnalysisSection
from monitor.errors import NotFoundError, StoreError
from monitor.learned.engine_key import EngineKey
from monitor.store.zarr.store import ZarrStore
from tests.analysis.search.toned_call import store_call
from tests.store.full_disk import disk_with_room

KEY = EngineKey("compact", "0", 16)
RNG = np.random.default_rng(7)


def some_pieces(call: str, count: int, seed: int = 0) -> Pieces:
    vectors = np.random.default_rng(seed).standard_normal((count, KEY.dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    places = np.stack([np.zeros(count), np.zeros(count), np.arange(count)], axis=1).astype(np.int32)
    return Pieces((call,), vectors.astype(np.float16), places)


def files_of(index: SearchIndex) -> list[Path]:
    return [path for path in index.folder.rglob("*") if path.is_file()]


def contents(index: SearchIndex) -> bytes:
    return b"".join(path.read_bytes() for path in files_of(index))


@pytest.fixture
def graphs_of_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs are made of 100 pieces, and have 400 at most."""
    monkeypatch.setattr(index_module, "SMALL", 100)
    monkeypatch.setattr(index_module, "LARGE", 400)


@pytest.fixture
def settled(index: SearchIndex, graphs_of_a_hundred: None) -> SearchIndex:
    """An index of ten calls of 90 pieces, all in graphs but for a rest."""
    for number in range(10):
        index.add([{KEY: some_pieces(f"call-{number}", 90, number)}])
        settle(index)
    return index


def settle(index: SearchIndex) -> None:
    while index.settle():
        pass


def test_an_update_takes_in_what_ended_since(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "a", {"customer": [(1, 4)]})
    update(index, store)
    store_call(store, "b", {"customer": [(1, 4)]})
    assert (update(index, store).added, index.calls()) == (1, {"a", "b"})


def test_a_call_is_found_through_graphs_wherever_it_lies(settled: SearchIndex) -> None:
    assert [one.graphs > 500 for one in settled.info()] == [True]
    wanted = some_pieces("call-3", 90, 3)
    hit = settled.search(KEY, np.asarray(wanted.vectors[41], np.float32), 1)[0]
    assert (hit.segment.place(hit.row), round(hit.similarity, 2)) == (("call-3", 0, 41), 1.0)


def test_no_segment_is_larger_than_what_may_be_built_anew(settled: SearchIndex) -> None:
    sizes = [one["pieces"] for one in json.loads((settled.folder / "index.json").read_text())["segments"]]
    assert (max(sizes) <= 400, sum(sizes)) == (True, 900)


def test_of_an_erased_call_no_file_of_the_index_has_anything(settled: SearchIndex) -> None:
    gone = some_pieces("call-3", 90, 3).vectors
    assert gone[41].tobytes() in contents(settled)
    settled.remove(["call-3"])
    left = contents(settled)
    assert not any(row.tobytes() in left for row in gone)
    assert b"call-3" not in left
    assert (len(settled.calls()), sum(one.pieces for one in settled.info())) == (9, 810)


def test_what_stays_of_a_segment_is_found_before_and_after_it_has_a_graph_again(settled: SearchIndex) -> None:
    settled.remove(["call-3"])
    query = np.asarray(some_pieces("call-2", 90, 2).vectors[5], np.float32)
    before = settled.search(KEY, query, 1)[0]
    settle(settled)
    after = settled.search(KEY, query, 1)[0]
    assert before.segment.place(before.row) == after.segment.place(after.row) == ("call-2", 0, 5)


def test_erasing_a_call_erases_it_from_store_and_index(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "a", {"customer": [(1, 4)]})
    store_call(store, "b", {"customer": [(1, 4)]})
    update(index, store)
    erase_call(store, "a", AnalysisSection())
    assert (index.calls(), [line.id for line in store.catalogue()]) == ({"b"}, ["b"])
    with pytest.raises(NotFoundError):
        erase_call(store, "a", AnalysisSection())


def test_a_full_disk_costs_the_index_and_not_the_erasure(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "a", {"customer": [(1, 4)]})
    store_call(store, "b", {"customer": [(1, 4)]})
    update(index, store)

    with disk_with_room(0):
        erase_call(store, "a", AnalysisSection())

    assert ([line.id for line in store.catalogue()], [path.name for path in index.folder.iterdir()]) == (["b"], ["lock"])
    update(index, store)
    assert index.calls() == {"b"}


def test_a_call_that_is_erased_while_it_is_read_is_not_taken_in(store: ZarrStore, index: SearchIndex) -> None:
    index.add([{KEY: some_pieces("a", 3)}], stays=lambda call: False)
    assert index.calls() == frozenset()


def test_a_call_that_went_from_the_store_by_another_way_goes_with_the_next_update(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "a", {"customer": [(1, 4)]})
    update(index, store)
    store.delete("a")
    assert (update(index, store).removed, index.calls()) == (1, frozenset())


@pytest.mark.parametrize("name", ["index.json", "vectors.npy", "places.npy", "calls.json", "graph.usearch"])
@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_what_is_damaged_is_taken_from_the_store_again_and_said(
    store: ZarrStore, index: SearchIndex, monkeypatch: pytest.MonkeyPatch, name: str, damage: str
) -> None:
    monkeypatch.setattr(index_module, "SMALL", 2)
    store_call(store, "a", {"customer": [(1, 4)]})
    store_call(store, "b", {"customer": [(1, 4), (2, 4)]})
    update(index, store)
    path = next(path for path in files_of(index) if path.name == name)
    content = path.read_bytes()
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
    path.unlink() if damage == "gone" else path.write_bytes(changed if damage == "changed" else content[:middle])
    anew = SearchIndex(index.folder)
    done = update(anew, store)
    assert (bool(done.damage) or (name, damage) == ("index.json", "gone"), anew.calls()) == (True, {"a", "b"})
    asked = read_moment(store.open("a"), Moment("a", "customer", 0, 4))
    assert [one.call for one in search(anew, asked, 1).found] == ["b"]
    assert (anew.damage, update(anew, store).added) == ((), 0)


def test_a_search_goes_on_where_a_segment_is_damaged_and_says_so(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "a", {"customer": [(1, 4)]})
    store_call(store, "b", {"customer": [(1, 4)]}, engine={"name": "compact", "version": "1"})
    update(index, store)
    next(path for path in files_of(index) if path.name == "vectors.npy").write_bytes(b"")
    assert len(SearchIndex(index.folder).calls()) == 1


def test_what_another_process_writes_is_seen(store: ZarrStore, index: SearchIndex) -> None:
    other = SearchIndex(index.folder)
    assert other.calls() == frozenset()
    index.add([{KEY: some_pieces("a", 3)}])
    assert other.calls() == {"a"}
    other.remove(["a"])
    assert index.calls() == frozenset()


def test_searches_go_on_while_others_add_and_remove(index: SearchIndex, graphs_of_a_hundred: None) -> None:
    kept = some_pieces("kept", 50, 99)
    index.add([{KEY: kept}])
    over = threading.Event()

    def change() -> None:
        writer = SearchIndex(index.folder)
        for number in range(12):
            writer.add([{KEY: some_pieces(f"call-{number}", 60, number)}])
            writer.settle()
            writer.remove([f"call-{number - 1}"])
        over.set()

    thread = threading.Thread(target=change)
    thread.start()
    found, changing = set(), True
    while changing:
        changing = not over.is_set()  # asked first: all may be over before the first search
        hit = index.search(KEY, np.asarray(kept.vectors[7], np.float32), 1)[0]
        found.add(hit.segment.place(hit.row))
    thread.join()
    assert (found, index.damage) == ({("kept", 0, 7)}, ())


def test_a_search_finds_what_it_has_read_though_another_thread_reads_anew(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = some_pieces("kept", 3)
    index.add([{KEY: kept}])
    read = index._read

    def overtaken() -> object:
        """Another process replaces the segment, and another thread sees that, before the search goes on."""
        found = read()
        monkeypatch.undo()
        SearchIndex(index.folder).add([{KEY: some_pieces("other", 3, 1)}])
        assert index.calls() == {"kept", "other"}
        return found

    monkeypatch.setattr(index, "_read", overtaken)
    hit = index.search(KEY, np.asarray(kept.vectors[1], np.float32), 1)[0]
    assert hit.segment.place(hit.row) == ("kept", 0, 1)


def test_what_a_process_left_that_died_goes_with_the_next_change(index: SearchIndex) -> None:
    index.add([{KEY: some_pieces("a", 3)}])
    (index.folder / "00000009").mkdir()
    (index.folder / ".00000010.1.tmp").mkdir()
    index.add([{KEY: some_pieces("b", 3)}])
    assert [path.name for path in index.folder.iterdir() if path.is_dir()] == ["00000002"]


def test_an_index_that_cannot_be_written_is_said_in_a_line(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "a", {"customer": [(1, 4)]})
    index.folder.write_text("a file")
    with pytest.raises(StoreError, match="cannot"):
        update(index, store)
