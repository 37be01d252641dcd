"""The kernel detector and what it is made of."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.changes.kernel import WARM_UP, KernelDetector
from monitor.changes.normal import learn
from monitor.changes.procedure import Procedure
from monitor.changes.projection import projection
from monitor.changes.statistic import best_split, noise


def test_the_projection_is_the_same_on_every_machine():
    rounded = np.round(projection(96, 24), 9) + 0.0
    assert hashlib.sha256(rounded.tobytes()).hexdigest()[:16] == "2fe6751c18101ade"


def test_the_projection_keeps_distances():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(50, 1024))
    reduced = points @ projection(1024, 64)
    ratios = np.linalg.norm(reduced[1:] - reduced[0], axis=1) / np.linalg.norm(points[1:] - points[0], axis=1)
    assert 0.8 < np.median(ratios) / np.sqrt(64 / 1024) < 1.2


@pytest.mark.parametrize(("width", "dimensions"), [(0, 4), (4, 0)])
def test_a_projection_without_dimensions_is_refused(width, dimensions):
    with pytest.raises(ValueError, match=f"{width} to {dimensions}"):
        projection(width, dimensions)


@given(st.integers(0, 100), st.floats(0.001, 1000))
def test_whitening_gives_unit_scale_whatever_the_scale(seed, scale):
    ticks = np.random.default_rng(seed).normal(size=(80, 6)) * scale
    normal = learn(ticks)
    whitened = np.stack([normal.apply(tick) for tick in ticks])
    assert np.allclose(whitened.mean(axis=0), 0, atol=1e-6)
    assert 0.5 < whitened.std() < 1.5


def test_the_gain_of_a_split_is_the_kernel_two_sample_statistic():
    rng = np.random.default_rng(3)
    ticks = np.concatenate([rng.normal(size=(60, 3)), rng.normal(size=(40, 3)) + 3])
    split = best_split(ticks, 0.2, 10, prior=1.0)
    distances = ((ticks[:, None] - ticks[None]) ** 2).sum(-1)
    kernel = np.exp(-np.clip(0.2 * distances, 0.01, 100) * (1 - np.eye(100)))
    left, right = slice(0, 60), slice(60, 100)
    mmd = kernel[left, left].mean() + kernel[right, right].mean() - 2 * kernel[left, right].mean()
    pooled = 4 + 2 * noise(ticks[left], 0.2) + 1 * noise(ticks[right], 0.2)
    assert split.index == 60
    assert split.score == pytest.approx(60 * 40 / 100 * mmd / (pooled / 7), rel=1e-6)


def test_correlation_in_time_is_part_of_the_noise():
    rng = np.random.default_rng(4)
    white = rng.normal(size=(400, 4))
    slow = np.repeat(white[:80], 5, axis=0)
    assert noise(slow, 0.1) > 3 * noise(white, 0.1)


def test_nothing_is_looked_for_in_the_first_seconds():
    stream = np.random.default_rng(0).normal(size=(WARM_UP, 8))
    stream[WARM_UP // 2 :] += 10
    detector = KernelDetector(Procedure(dimensions=8), threshold=1e-6)
    assert [one for tick, vector in enumerate(stream) for one in detector.update(tick, vector)] == []


def test_a_flash_of_another_mood_is_retracted_and_has_no_echo_as_it_leaves_the_buffer():
    stream = np.random.default_rng(1).normal(size=(600, 8))
    stream[200:213] += 2
    detector = KernelDetector(Procedure(dimensions=8, confirm=60), threshold=8.0)
    found = [one for tick, vector in enumerate(stream) for one in detector.update(tick, vector)]
    assert [(one.number, one.status) for one in found] == [(1, "provisional"), (1, "retracted")]


def test_what_is_open_at_the_end_of_the_call_is_decided_on_what_there_is():
    stream = np.random.default_rng(0).normal(size=(220, 8))
    stream[200:] += 2
    detector = KernelDetector(Procedure(dimensions=8, confirm=100), threshold=4.0)
    before = [one for tick, vector in enumerate(stream) for one in detector.update(tick, vector)]
    assert [one.status for one in before] == ["provisional"]
    assert [one.status for one in detector.finish()] == ["confirmed"]
    assert detector.finish() == []


@pytest.mark.parametrize("wrong", [{"dimensions": 0}, {"confirm": 0}, {"min_segment": 0}, {"buffer": 19}])
def test_contradictory_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=r"at least 1|does not hold"):
        Procedure(**wrong)


def test_a_threshold_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0, got 0"):
        KernelDetector(Procedure(), threshold=0.0)
