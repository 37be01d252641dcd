"""The way of one leg, with the core alone and in bounded memory."""

import numpy as np
import pytest

from monitor.analysis.axes import directions, principal
from monitor.analysis.way import MOST_POINTS, way_of
from monitor.conformance.stored_calls import record_of
from monitor.events import Frames, Leg, Mark
from monitor.frame_format import LegFormat, as_stored
from monitor.store.base import StoredCall
from monitor.store.memory import MemoryStore

DIM = 8
MOODS = {"angry": 0, "neutral": 2}
"""Places of labels, and of the axes about which the embeddings of a mood lie."""


def call(*stretches: tuple[str | None, float], stride: int = 1, skipped: slice = slice(0)) -> StoredCall:
    """A customer who sounds like each (mood, seconds) in turn, None being silence; and an agent who may not be analysed."""
    moods = [mood for mood, seconds in stretches for _ in range(round(seconds * 50))]
    noise = np.random.default_rng(5)
    place = np.array([MOODS.get(mood or "neutral", 0) for mood in moods], np.int64)
    marks = np.zeros(len(moods), np.uint8)
    marks[skipped] = Mark.SKIPPED
    embedding = (3 * np.eye(DIM)[place] + noise.normal(0, 0.2, (len(moods), DIM))).astype(np.float32)
    logits = (5 * np.eye(3)[place]).astype(np.float32)
    embedding[skipped], logits[skipped] = np.nan, np.nan
    speech = np.array([0.0 if mood is None else 0.9 for mood in moods], np.float32)
    speech[skipped] = 0
    formats: dict[Leg, LegFormat] = {"customer": LegFormat(DIM, 3, stride), "agent": LegFormat(0, 0)}
    store = MemoryStore()
    writer = store.create(record_of(legs=formats))
    writer.append(as_stored(Frames("call-1", "customer", 0, embedding, logits, speech, marks), formats["customer"]))
    nothing = np.zeros((len(moods), 0), np.float32)
    writer.append(Frames("call-1", "agent", 0, nothing, nothing, speech, np.zeros(len(moods), np.uint8)))
    writer.finish("finished", {})
    return store.open("call-1")


@pytest.mark.parametrize("stride", [1, 5])
def test_moods_lie_apart_on_the_first_axis_in_the_order_of_time(stride: int) -> None:
    way = way_of(call(("neutral", 40), (None, 3), ("angry", 41), stride=stride), "customer", rate=2)
    first = np.sign(way.coordinates[:, 0])
    assert way.times == tuple(np.arange(0, 40, 0.5)) + tuple(np.arange(43, 84, 0.5))
    assert way.labels == ("neutral",) * 80 + ("angry",) * 82
    assert (first[:80] == -first[80]).all()
    assert (first[80:] == first[80]).all()
    assert way.shares[0] > 0.8


def test_a_stretch_in_which_half_is_silence_or_not_heard_is_left_out() -> None:
    way = way_of(call(("neutral", 1), (None, 0.3), ("neutral", 1.7), ("angry", 1), skipped=slice(100, 120)), "customer", rate=2)
    assert way.times == (0.0, 0.5, 1.5, 2.5, 3.0, 3.5)
    assert np.isfinite(way.coordinates).all()


def test_a_long_call_has_fewer_points_a_second_and_no_more_than_a_picture_shows() -> None:
    stored = call(("neutral", 60), ("angry", MOST_POINTS / 10))
    way = way_of(stored, "customer", rate=10)
    assert way.seconds == pytest.approx(0.2)
    assert len(way.times) == (60 * 10 + MOST_POINTS) / 2


@pytest.mark.parametrize(("stretches", "points"), [([(None, 5.0)], 0), ([("neutral", 0.5)], 1), ([], 0)])
def test_where_there_is_no_way_there_are_no_axes(stretches: list[tuple[str | None, float]], points: int) -> None:
    way = way_of(call(*stretches), "customer", rate=2)
    assert (way.coordinates.tolist(), way.shares) == ([[0, 0]] * points, ())


def test_a_leg_that_may_not_be_analysed_has_no_way() -> None:
    assert way_of(call(("neutral", 5)), "agent", rate=2).times == ()


@pytest.mark.needs("analysis")
@pytest.mark.parametrize("shape", [(300, 12), (10, 40), (12, 12)])
def test_axes_are_those_of_other_programs(shape: tuple[int, int]) -> None:
    from sklearn.decomposition import PCA

    vectors = directions(np.random.default_rng(1).normal(0, np.arange(1, shape[1] + 1), shape).astype(np.float32))
    found, shares = principal(vectors, 3)
    expected = PCA(3, svd_solver="full").fit(vectors)
    np.testing.assert_allclose(np.abs(found), np.abs(expected.transform(vectors)), atol=1e-9)
    np.testing.assert_allclose(shares, expected.explained_variance_ratio_, atol=1e-12)
