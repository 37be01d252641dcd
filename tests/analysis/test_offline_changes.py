"""Where a recording changes, beside the largest step of the mean over the features."""

import numpy as np
import pytest

from monitor.analysis import change_analysis, resolve
from monitor.analysis.errors import TooFewPointsError
from monitor.analysis.pictures import draw_changes
from monitor.store.zarr.store import ZarrStore
from tests.analysis.spoken import DIM, embedding, moods

FIRST, SECOND = [1.0, -1.0], [-1.0, 1.0]
"""Of the same mean over the features."""


def three_moods() -> np.ndarray:
    return np.concatenate([moods(FIRST, frames=500), moods(SECOND, frames=400, seed=1), moods(FIRST, frames=300, seed=2)])


@pytest.mark.parametrize("model", ["rbf", "linear", "cosine"])
def test_changes_are_found_that_the_mean_over_the_features_cannot_see(model: str) -> None:
    found = change_analysis(embedding(three_moods(), start=5.0), model)
    assert found.changes == pytest.approx((15.0, 23.0), abs=0.11)
    assert min(abs(found.step.time - change) for change in found.changes) > 0.11


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_found_where_nothing_changes(seed: int) -> None:
    assert change_analysis(embedding(moods([0.5], frames=1500, seed=seed))).changes == ()


def test_the_number_of_changes_can_be_given() -> None:
    found = change_analysis(embedding(three_moods()), number=1)
    assert (len(found.changes), found.penalty, found.chosen) == (1, None, False)
    assert found.changes[0] == pytest.approx(10.0, abs=0.11)


def test_a_higher_penalty_finds_less() -> None:
    assert change_analysis(embedding(three_moods()), penalty=1e6).changes == ()


def test_no_stretch_is_shorter_than_asked_for() -> None:
    short = np.concatenate([moods(FIRST, frames=400), moods(SECOND, frames=50, seed=1), moods(FIRST, frames=400, seed=2)])
    assert change_analysis(embedding(short)).changes == pytest.approx((8.0, 9.0), abs=0.11)
    assert len(change_analysis(embedding(short), smallest=3.0, number=1).changes) == 1
    assert min(np.diff([0.0, *change_analysis(embedding(short), smallest=3.0, number=2).changes, 17.0])) >= 2.99


def test_the_largest_step_is_that_between_two_neighbouring_frames() -> None:
    vectors = np.zeros((100, DIM), np.float32)
    vectors[:40], vectors[40:] = 1.0, 3.0
    vectors[70:] = 2.0
    step = change_analysis(embedding(vectors), number=1).step
    assert (step.time, step.size, step.rivals, step.in_speech) == (0.8, 2.0, 0, None)


def test_it_is_told_whether_the_leg_speaks_on_both_sides_of_the_step() -> None:
    vectors = three_moods()
    vectors[600:] += 50
    speaks = np.ones(len(vectors), bool)
    assert change_analysis(embedding(vectors, speaks=speaks)).step.in_speech is True
    speaks[600:650] = False
    assert change_analysis(embedding(vectors, speaks=speaks)).step.in_speech is False


def test_frames_without_a_result_are_left_out_and_counted() -> None:
    vectors = three_moods()
    vectors[100:150] = np.nan
    found = change_analysis(embedding(vectors))
    assert (found.skipped, found.changes) == (50, pytest.approx((10.0, 18.0), abs=0.11))


def test_pauses_are_not_searched_and_take_no_time_from_a_stretch() -> None:
    vectors = np.concatenate(
        [moods(FIRST, frames=300), np.full((600, DIM), 9.0, np.float32), moods(SECOND, frames=300, seed=1)]
    )
    speaks = np.repeat([True, False, True], (300, 600, 300))
    found = change_analysis(embedding(vectors, speaks=speaks))
    assert found.changes == pytest.approx((18.0,), abs=0.01)


def test_a_long_recording_is_searched_in_longer_ticks() -> None:
    long = np.concatenate([moods(FIRST, frames=6000), moods(SECOND, frames=6000, seed=1)])
    found = change_analysis(embedding(long), penalty=50.0)
    assert (found.tick, len(found.times)) == (pytest.approx(0.16), 1500)
    assert found.changes == pytest.approx((120.0,), abs=0.17)


def test_segments_say_what_the_engine_says_of_them() -> None:
    logits = np.repeat([[3.0, 0.0], [0.0, 3.0], [3.0, 0.0]], (500, 400, 300), axis=0).astype(np.float32)
    found = change_analysis(embedding(three_moods(), labels=("neutral", "angry"), logits=logits))
    assert [label for _, _, label in found.segments()] == ["neutral", "angry", "neutral"]


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        (np.ones((1, DIM), np.float32), "one vector, of an utterance"),
        (moods(FIRST, frames=60), r"has 1\.2 s of speech; 1 change with 1 s on each side needs 2 s"),
    ],
)
def test_what_is_too_short_is_refused(vectors: np.ndarray, told: str) -> None:
    with pytest.raises(TooFewPointsError, match=told):
        change_analysis(embedding(vectors))


def test_more_changes_than_there_is_speech_for_are_refused() -> None:
    with pytest.raises(TooFewPointsError, match=r"24\.0 s of speech; 30 changes with 1 s on each side need 31 s"):
        change_analysis(embedding(three_moods()), number=30)


def test_a_penalty_of_its_own_needs_speech_to_measure_noise_by() -> None:
    short = embedding(moods(FIRST, SECOND, frames=75))
    with pytest.raises(TooFewPointsError, match="too little speech to tell changes from noise: name a penalty or the number"):
        change_analysis(short)
    assert change_analysis(short, number=1).changes == pytest.approx((1.5,), abs=0.11)


def test_silence_does_not_change() -> None:
    found = change_analysis(embedding(np.zeros((500, DIM), np.float32)))
    assert (found.changes, found.penalty, found.step.size) == ((), None, 0.0)


@pytest.mark.parametrize(
    "arguments", [{"penalty": 0.0}, {"penalty": float("nan")}, {"penalty": 1.0, "number": 1}, {"number": 0}, {"smallest": 0.0}]
)
def test_arguments_that_make_no_sense_are_refused(arguments: dict) -> None:
    with pytest.raises(ValueError):
        change_analysis(embedding(three_moods()), **arguments)


def test_a_stored_call_is_analysed_by_its_moment(store: ZarrStore) -> None:
    found = change_analysis(next(resolve(["call-1@1-6/customer"], store)), number=1)
    assert 1.0 < found.changes[0] < 6.0
    assert found.source == "call-1@1-6/customer"


def test_the_picture_has_both_measures_on_one_axis_of_time() -> None:
    found = change_analysis(embedding(three_moods()))
    mean, steps, searched = draw_changes(found).axes
    assert [text.get_text() for text in searched.texts if text.get_text().endswith(" s")] == [
        f"{at:.1f} s" for at in found.changes
    ]
    assert f"{found.step.time:.2f} s" in [text.get_text() for text in mean.texts]
    assert mean.get_shared_x_axes().joined(mean, searched)
    np.testing.assert_allclose(steps.lines[0].get_ydata(), np.abs(np.diff(found.frame_means)))
