"""Joined windows: the frames, and for an engine that carries its past the results, of the windows one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.chunk import AudioChunk
from monitor.engines.base import Window, WindowFrames
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.options import CompactOptions
from monitor.pipeline.joining import joined, parts
from monitor.pipeline.windows import Geometry, WindowCutter
from tests.pipeline.level_engine import LevelEngine
from tests.pipeline.virtual_time import STREAMING, WINDOWED


def windows_of(audio: np.ndarray, geometry: Geometry, leg_id: int = 1) -> list[Window]:
    cutter = WindowCutter(geometry, leg_id)
    return [*cutter.push(AudioChunk("customer", 0, audio)), *cutter.finish()]


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(4).normal(0, 0.05, round(seconds * 16_000)).astype(np.float32)


def in_groups(windows: list[Window], sizes: list[int]) -> list[list[Window]]:
    groups, rest = [], list(windows)
    for size in sizes:
        groups.append(rest[:size])
        rest = rest[size:]
    return [group for group in [*groups, rest] if group]


@given(st.sampled_from([WINDOWED, STREAMING, Geometry(60, 20, 5)]), st.integers(1, 4), st.integers(0, 10))
def test_a_joined_window_wants_the_frames_of_all_and_holds_the_audio_of_its_place(
    geometry: Geometry, count: int, skip: int
) -> None:
    audio = noise(8)
    some = windows_of(audio, geometry)[skip : skip + min(count, geometry.growth)]
    window = joined(some)
    assert (window.first, window.stop) == (some[0].first, some[-1].stop)
    assert window.start <= window.first
    np.testing.assert_array_equal(window.samples, audio[window.start * 320 : window.start * 320 + len(window.samples)])


def test_joining_does_not_lengthen_a_window_that_has_room() -> None:
    windows = windows_of(noise(8), WINDOWED)[5:]
    assert len(joined(windows[: WINDOWED.growth]).samples) == len(windows[0].samples)


@pytest.mark.parametrize(
    ("geometry", "growth"),
    [(WINDOWED, 3), (STREAMING, 3), (Geometry(75, 25, 25), 2), (Geometry(200, 25, 25), 3), (Geometry(55, 25, 25), 3)],
)
def test_the_hop_grows_as_far_as_a_window_sees(geometry: Geometry, growth: int) -> None:
    assert geometry.growth == growth


def test_the_parts_are_the_results_of_the_windows_one_by_one() -> None:
    engine = LevelEngine()
    windows = windows_of(noise(8), WINDOWED, engine.open_leg())[4:7]
    together = parts(engine.infer([joined(windows)])[0], windows)
    alone = [engine.infer([window])[0] for window in windows]
    np.testing.assert_array_equal(
        np.concatenate([part.logits for part in together]), np.concatenate([part.logits for part in alone])
    )


def test_an_engine_that_gives_other_than_the_frames_wanted_is_found_out() -> None:
    windows = windows_of(noise(8), WINDOWED)[4:7]
    none = np.zeros((10, 2), np.float32)
    with pytest.raises(ValueError, match="75 frames were wanted, the engine gave 10"):
        parts(WindowFrames(none, none, none[:, 0]), windows)


@pytest.fixture(scope="module")
def compact() -> CompactEngine:
    return CompactEngine(CompactOptions(threads=1))


@given(st.lists(st.integers(1, 4), max_size=8))
def test_the_compact_engine_says_the_same_of_joined_windows(compact: CompactEngine, sizes: list[int]) -> None:
    audio = noise(4)
    geometry = Geometry.of(CompactOptions(), compact.info)
    one, other = compact.open_leg(), compact.open_leg()
    alone = [compact.infer([window])[0] for window in windows_of(audio, geometry, one)]
    together = [compact.infer([joined(group)])[0] for group in in_groups(windows_of(audio, geometry, other), sizes)]
    np.testing.assert_allclose(
        np.concatenate([part.logits for part in together]), np.concatenate([part.logits for part in alone]), atol=1e-4
    )
