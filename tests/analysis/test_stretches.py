"""Points of a space: means of embeddings, or of their stretches."""

import numpy as np
import pytest

from monitor.analysis import resolve
from monitor.analysis.errors import DifferentEnginesError, MixedWidthsError, NoFramesError
from monitor.analysis.stretches import points_of
from monitor.store.zarr.store import ZarrStore
from tests.analysis.spoken import DIM, embedding, moods


def test_a_stretch_is_the_mean_of_its_frames_and_is_named_as_the_moment_that_it_is() -> None:
    vectors = moods([1.0], frames=120)
    found = points_of([embedding(vectors, start=10.0)], 1.0)
    np.testing.assert_allclose(found.vectors[1], vectors[50:100].mean(axis=0), rtol=1e-5)
    assert found.names == ("call-9@10.00-11.00/customer", "call-9@11.00-12.00/customer", "call-9@12.00-12.40/customer")


def test_a_whole_embedding_is_one_point_where_no_stretches_are_asked_for() -> None:
    vectors = moods([1.0], frames=120)
    found = points_of([embedding(vectors), embedding(vectors[:1], source="b.npy")])
    assert (found.names, found.vectors.shape) == (("call-9/customer", "b.npy"), (2, DIM))


def test_a_stretch_in_which_the_leg_is_silent_for_the_most_part_is_left_out() -> None:
    speaks = np.arange(200) >= 80
    found = points_of([embedding(moods([1.0]), speaks=speaks)], 1.0)
    assert found.begins.tolist() == [2.0, 3.0]


def test_frames_without_a_result_are_in_no_mean_and_are_counted() -> None:
    vectors = moods([1.0], frames=50)
    clean = vectors[:40].mean(axis=0)
    vectors[40:] = np.nan
    found = points_of([embedding(vectors)], 1.0)
    np.testing.assert_allclose(found.vectors[0], clean, rtol=1e-5)
    assert found.skipped == {"call-9/customer": 10}


def test_the_label_of_a_stretch_is_the_likeliest_over_all_of_it() -> None:
    logits = np.zeros((100, 2), np.float32)
    logits[:10, 0], logits[10:50, 1], logits[50:, 0] = 9.0, 2.0, 1.0
    found = points_of([embedding(moods([1.0], frames=100), labels=("生气/angry", "happy"), logits=logits)], 1.0)
    assert found.labels == ("happy", "angry")


def test_a_stored_call_says_what_its_engine_says(store: ZarrStore) -> None:
    found = points_of(resolve(["call-1@0-2/customer"], store), 1.0)
    assert set(found.labels) <= {"angry", "happy", "neutral"}
    assert found.names == ("call-1@1.00-2.00/customer",)


def test_a_point_of_a_stored_call_can_be_named_again(store: ZarrStore) -> None:
    found = points_of(resolve(["call-1/customer"], store), 2.0)
    again = points_of(resolve([found.names[1]], store))
    np.testing.assert_allclose(again.vectors[0], found.vectors[1], rtol=1e-5)


def test_embeddings_of_other_widths_do_not_compare() -> None:
    with pytest.raises(MixedWidthsError, match=r"b\.npy has 5 features, call-9/customer has 12: they do not compare"):
        points_of([embedding(moods([1.0])), embedding(np.ones((1, 5), np.float32), source="b.npy")])


def test_embeddings_of_other_engines_do_not_compare() -> None:
    with pytest.raises(DifferentEnginesError, match=r"compact 2 .* compact 1 .*: they do not compare"):
        points_of([embedding(moods([1.0])), embedding(moods([1.0]), engine={"name": "compact", "version": "2"})])


def test_a_file_that_names_no_engine_is_of_the_others_engine_where_that_is_said() -> None:
    unsaid = embedding(moods([1.0]), engine={})
    assert points_of([embedding(moods([1.0])), unsaid], same_engine=True).key.name == "compact"
    with pytest.raises(DifferentEnginesError, match="--same-engine"):
        points_of([embedding(moods([1.0])), unsaid])


def test_where_nobody_speaks_long_enough_there_is_no_point() -> None:
    with pytest.raises(NoFramesError, match=r"nobody speaks for 0\.5 of 1 s: choose shorter stretches"):
        points_of([embedding(moods([1.0]), speaks=np.arange(200) % 3 == 0)], 1.0)
    with pytest.raises(NoFramesError, match="there is no embedding"):
        points_of([])
