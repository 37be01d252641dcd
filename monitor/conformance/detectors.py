"""What every change-point detector does, in tests. They ask for a fixture `make_detector`: a fresh one each time it is called.

Its rate of false alarms is that which fits speech: 6 an hour. These tests need hypothesis.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.changes.base import Detection, Detector

MakeDetector = Callable[[], Detector]


def voice(seed: int, moods: list[tuple[int, float]], width: int = 96) -> np.ndarray:
    """Correlated noise around a place of its own for each (ticks, how far out) of `moods`."""
    rng = np.random.default_rng(seed)
    ticks = sum(length for length, _ in moods)
    noise = rng.normal(size=(ticks, width))
    for tick in range(1, ticks):
        noise[tick] = 0.7 * noise[tick - 1] + 0.7 * noise[tick]
    places = np.concatenate([np.full(length, height) for length, height in moods])
    return noise + places[:, None] * rng.normal(size=width)


def run(make_detector: MakeDetector, stream: np.ndarray, ticks: range | None = None) -> list[Detection]:
    detector = make_detector()
    numbers = ticks or range(len(stream))
    found = [one for tick, vector in zip(numbers, stream, strict=True) for one in detector.update(tick, vector)]
    return found + detector.finish()


def confirmed(found: list[Detection]) -> list[Detection]:
    return [one for one in found if one.status == "confirmed"]


def test_a_clear_change_is_confirmed_at_its_place(make_detector: MakeDetector) -> None:
    found = confirmed(run(make_detector, voice(1, [(250, 0.0), (120, 1.5)])))
    assert len(found) == 1
    assert abs(found[0].tick - 250) <= 3
    assert found[0].strength >= 1


def test_a_clear_change_is_known_within_three_seconds_of_speech(make_detector: MakeDetector) -> None:
    detector = make_detector()
    stream = voice(2, [(250, 0.0), (30, 3.0)])
    assert confirmed([one for tick, vector in enumerate(stream) for one in detector.update(tick, vector)])


def test_changes_are_found_one_after_the_other(make_detector: MakeDetector) -> None:
    found = confirmed(run(make_detector, voice(3, [(200, 0.0), (100, 2.0), (100, -2.0), (100, 0.0)])))
    assert [abs(one.tick - at) <= 5 for one, at in zip(found, (200, 300, 400), strict=True)] == [True, True, True]


def test_ticks_of_silence_between_do_not_matter_but_for_the_time(make_detector: MakeDetector) -> None:
    stream = voice(1, [(250, 0.0), (120, 1.5)])
    alone, spread = run(make_detector, stream), run(make_detector, stream, range(0, 5 * len(stream), 5))
    assert [(one.tick * 5, one.status) for one in alone] == [(one.tick, one.status) for one in spread]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # each is fresh
@given(
    seed=st.integers(0, 1000),
    moods=st.lists(st.tuples(st.integers(5, 120), st.floats(-2, 2)), min_size=1, max_size=6),
    width=st.integers(1, 40),
)
def test_every_provisional_is_decided_once_and_confirmed_ones_advance(
    make_detector: MakeDetector, seed: int, moods: list[tuple[int, float]], width: int
) -> None:
    found = run(make_detector, voice(seed, moods, width))
    counts = Counter(one.number for one in found)
    decided = [one.number for one in found if one.status != "provisional"]
    ticks = [one.tick for one in confirmed(found)]
    assert set(counts.values()) <= {2}
    assert decided == sorted(counts) == list(range(1, len(counts) + 1))
    assert ticks == sorted(set(ticks))


def test_the_same_ticks_give_the_same_detections(make_detector: MakeDetector) -> None:
    stream = voice(5, [(200, 0.0), (100, 1.0), (80, 0.0)])
    assert run(make_detector, stream) == run(make_detector, stream)


@pytest.mark.parametrize("value", [0.0, 1e-6, 60_000.0])
def test_a_constant_stream_has_no_change(value: float, make_detector: MakeDetector) -> None:
    assert run(make_detector, np.full((300, 16), value)) == []


def test_the_scale_of_the_embeddings_does_not_matter(make_detector: MakeDetector) -> None:
    stream = voice(1, [(250, 0.0), (120, 1.5)])
    small, large = run(make_detector, stream * 1e-3), run(make_detector, stream * 1e3)
    assert [(one.status, one.tick) for one in small] == [(one.status, one.tick) for one in large]


def test_legs_that_are_taken_together_are_taken_as_each_alone_to_the_bit(make_detector: MakeDetector) -> None:
    legs = [voice(seed, [(150 + 20 * seed, 0.0), (60, 2.0)], width=8) for seed in range(4)]
    alone = [run(make_detector, stream) for stream in legs]
    detectors = [make_detector() for _ in legs]
    together: list[list[Detection]] = [[] for _ in legs]
    for tick in range(max(map(len, legs))):
        there = [leg for leg, stream in enumerate(legs) if tick < len(stream)]
        said = type(detectors[0]).update_together([(detectors[leg], tick, legs[leg][tick]) for leg in there])
        for leg, found in zip(there, said, strict=True):
            assert not isinstance(found, Exception), found
            together[leg] += found
    assert [found + detector.finish() for found, detector in zip(together, detectors, strict=True)] == alone
