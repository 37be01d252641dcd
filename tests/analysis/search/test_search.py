"""Moments like this one: what is found, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from monitor.analysis import Embedding, Moment, load
from monitor.analysis.errors import DifferentEnginesError, MissingError, MixedWidthsError, NoFramesError
from monitor.analysis.moment import read_moment
from monitor.analysis.search import SearchIndex, search, update
from monitor.store.zarr.store import ZarrStore
from tests.analysis.search.toned_call import store_call, tone


def moment(store: ZarrStore, call: str, start: float, stop: float) -> Embedding:
    return read_moment(store.open(call), Moment(call, "customer", start, stop))


def array(path: Path, values: np.ndarray) -> Embedding:
    np.save(path / "a.npy", values)
    return load(path / "a.npy")


def test_the_moments_that_are_most_like_one_come_first_in_their_calls_and_legs(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "asked", {"customer": [(1, 4)]})
    store_call(store, "like", {"customer": [(2, 4)], "agent": [(3, 6), (1, 4)]})
    store_call(store, "less", {"customer": [(1, 1), (2, 1)]})
    update(index, store)
    answer = search(index, moment(store, "asked", 0, 4), 1)
    assert [(one.call, one.leg, one.start, one.end) for one in answer.found] == [("like", "agent", 6.0, 10.0)]
    assert answer.found[0].similarity > 0.95
    assert str(answer.found[0].moment) == "like@6-10/agent"


def test_neighbouring_pieces_are_one_moment(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "long", {"customer": [(1, 12), (2, 4), (1, 2)]})
    store_call(store, "asked", {"customer": [(1, 2)]})
    update(index, store)
    found = search(index, moment(store, "asked", 0, 2), 10).found
    assert [(one.start, one.end) for one in found] == [(0.0, 18.0)]


def test_the_moment_asked_about_is_not_found_but_the_rest_of_its_call_is(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "asked", {"customer": [(1, 4), (None, 4), (1, 4)]})
    update(index, store)
    assert [(one.start, one.end) for one in search(index, moment(store, "asked", 0, 4)).found] == [(8.0, 12.0)]


def test_silence_is_not_indexed(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "quiet", {"customer": [(None, 4), (1, 2), (None, 60)]})
    update(index, store)
    assert [(one.calls, one.pieces) for one in index.info()] == [(1, 1)]


def test_a_leg_that_may_not_be_analysed_is_not_indexed(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "unheard", {"agent": [(0, 4)]}, dim=0)
    update(index, store)
    assert (index.engines(), index.calls()) == ([], {"unheard"})


def test_a_file_without_an_engine_is_asked_about_where_it_is_said_to_be_of_the_same(
    store: ZarrStore, index: SearchIndex, tmp_path: Path
) -> None:
    store_call(store, "like", {"customer": [(2, 4), (1, 2)]})
    update(index, store)
    found = search(index, array(tmp_path, tone(1)), 1, same_engine=True).found
    assert found[0].similarity > 0.95


def test_a_file_without_an_engine_is_refused(store: ZarrStore, index: SearchIndex, tmp_path: Path) -> None:
    store_call(store, "like", {"customer": [(1, 2)]})
    update(index, store)
    with pytest.raises(DifferentEnginesError, match="--same-engine"):
        search(index, array(tmp_path, tone(1)))


def test_embeddings_of_other_engines_and_widths_are_refused(store: ZarrStore, index: SearchIndex, tmp_path: Path) -> None:
    store_call(store, "like", {"customer": [(1, 2)]})
    update(index, store)
    store_call(store, "asked", {"customer": [(1, 2)]}, engine={"name": "compact", "version": "1"})
    with pytest.raises(DifferentEnginesError, match="compact 1"):
        search(index, moment(store, "asked", 0, 2))
    with pytest.raises(MixedWidthsError, match="5 features"):
        search(index, array(tmp_path, np.ones(5, np.float32)))


def test_calls_of_several_engines_are_searched_each_by_themselves(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "a", {"customer": [(1, 2)]})
    store_call(store, "b", {"customer": [(1, 2)]}, engine={"name": "compact", "version": "1"})
    store_call(store, "c", {"customer": [(2, 2)]}, engine={"name": "compact", "version": "1"})
    update(index, store)
    assert [one.call for one in search(index, moment(store, "b", 0, 2)).found] == ["c"]


def test_a_moment_without_speech_is_refused(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "a", {"customer": [(1, 2), (None, 2)]})
    update(index, store)
    with pytest.raises(NoFramesError, match="nobody speaks"):
        search(index, moment(store, "a", 2, 4))


def test_without_an_index_it_says_how_to_make_one(store: ZarrStore, index: SearchIndex) -> None:
    store_call(store, "a", {"customer": [(1, 2)]})
    with pytest.raises(MissingError, match="search build"):
        search(index, moment(store, "a", 0, 2))
