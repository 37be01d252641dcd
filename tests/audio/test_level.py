"""The level of a leg is that of its ticks, however its audio comes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.level import UNKNOWN, LevelMeter, dbfs, level_of

NOISE = np.random.default_rng(3).uniform(-0.5, 0.5, 9_000).astype(np.float32)


def metered(pieces: list[np.ndarray]) -> np.ndarray:
    meter = LevelMeter()
    for piece in pieces:
        meter.push(piece)
    meter.finish()
    return meter.take(-(-sum(map(len, pieces)) // 1_600))


@given(st.lists(st.integers(0, len(NOISE)), max_size=20))
def test_how_audio_is_cut_changes_nothing(cuts: list[int]) -> None:
    assert metered(np.split(NOISE, sorted(cuts))).tolist() == metered([NOISE]).tolist()


def test_each_tick_is_told_to_half_a_decibel() -> None:
    ticks = [NOISE[start : start + 1_600].astype(np.float64) for start in range(0, len(NOISE), 1_600)]
    told = dbfs(metered([NOISE]))
    assert told == pytest.approx([10 * np.log10(np.square(tick).mean()) for tick in ticks], abs=0.25)


@pytest.mark.parametrize(("amplitude", "level"), [(1.0, -3.0), (0.1, -23.0), (0.001, -63.0), (0.0, -127.0)])
def test_a_sine_is_three_decibels_below_its_peak(amplitude: float, level: float) -> None:
    sine = (amplitude * np.sin(np.arange(1_600) * 2 * np.pi / 80)).astype(np.float32)
    assert dbfs(metered([sine])).tolist() == [level]


@given(st.floats(0, 1e6))
def test_no_level_is_unknown(power: float) -> None:
    assert level_of(np.array([power]))[0] != UNKNOWN


def test_what_did_not_come_is_not_given() -> None:
    meter = LevelMeter()
    meter.push(NOISE[:1_599])
    with pytest.raises(ValueError, match="levels of 1 ticks were asked for, there are 0"):
        meter.take(1)
