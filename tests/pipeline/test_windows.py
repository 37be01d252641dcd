"""Windows: each frame is wanted once, with full lookahead, whatever the cut of the audio."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.chunk import AudioChunk
from monitor.engines.base import Window
from monitor.errors import ConfigError
from monitor.pipeline.windows import Geometry, WindowCutter

geometries = st.builds(
    lambda hop, lookahead, more: Geometry(5 * hop + lookahead + more, 5 * hop, lookahead),
    st.integers(1, 6),
    st.integers(0, 20),
    st.integers(0, 50),
)


def ramp(samples: int) -> np.ndarray:
    return np.arange(samples, dtype=np.float32) / 2**20


def windows_of(audio: np.ndarray, cuts: list[int], geometry: Geometry) -> list[Window]:
    return list(_windows(audio, sorted({0, *(cut for cut in cuts if cut < len(audio)), len(audio)}), geometry))


def _windows(audio: np.ndarray, edges: list[int], geometry: Geometry) -> Iterator[Window]:
    cutter = WindowCutter(geometry, 1)
    for start, stop in pairwise(edges):
        yield from cutter.push(AudioChunk("customer", start, audio[start:stop]))
    yield from cutter.finish()


@given(geometries, st.integers(0, 60_000), st.lists(st.integers(0, 60_000), max_size=20))
def test_every_whole_frame_is_wanted_exactly_once_and_in_order(geometry: Geometry, samples: int, cuts: list[int]) -> None:
    wanted = [frame for w in windows_of(ramp(samples), cuts, geometry) for frame in range(w.first, w.stop)]
    assert wanted == list(range(samples // 320))


@given(geometries, st.integers(0, 60_000), st.lists(st.integers(0, 60_000), max_size=20))
def test_a_window_holds_the_audio_of_its_place(geometry: Geometry, samples: int, cuts: list[int]) -> None:
    audio = ramp(samples)
    assert all(
        np.array_equal(w.samples, audio[w.start * 320 : w.start * 320 + len(w.samples)])
        for w in windows_of(audio, cuts, geometry)
    )


@given(geometries, st.integers(0, 60_000), st.lists(st.integers(0, 60_000), max_size=20))
def test_the_cut_of_the_audio_changes_no_window(geometry: Geometry, samples: int, cuts: list[int]) -> None:
    def shape(windows: list[Window]) -> list[tuple[int, int, int, int, bool]]:
        return [(w.start, len(w.samples), w.first, w.stop, w.final) for w in windows]

    assert shape(windows_of(ramp(samples), cuts, geometry)) == shape(windows_of(ramp(samples), [], geometry))


@given(geometries, st.integers(0, 60_000))
def test_all_but_the_last_window_have_full_lookahead_and_as_much_past_as_there_is(geometry: Geometry, samples: int) -> None:
    *full, _ = [*windows_of(ramp(samples), [], geometry), None]
    inner = [w for w in full if w is not None and not w.final]
    ends = [w.start + len(w.samples) // 320 for w in inner]
    assert ends == [w.stop + geometry.lookahead for w in inner]
    assert [w.start for w in inner] == [max(0, end - geometry.window) for end in ends]


def test_memory_does_not_grow_with_the_call() -> None:
    cutter = WindowCutter(Geometry(100, 25, 25), 1)
    for second in range(600):
        list(cutter.push(AudioChunk("customer", second * 16_000, np.zeros(16_000, np.float32))))
    assert sum(map(len, cutter._pieces)) <= (100 + 25 + 25) * 320 + 16_000


def test_audio_that_does_not_follow_is_refused() -> None:
    cutter = WindowCutter(Geometry(100, 25, 25), 1)
    with pytest.raises(ValueError, match="must go on at sample 0, got 320"):
        list(cutter.push(AudioChunk("customer", 320, np.zeros(320, np.float32))))


@pytest.mark.parametrize(("window", "hop", "lookahead"), [(10, 10, 5), (50, 7, 5), (50, 0, 5), (50, 10, -1)])
def test_lengths_that_do_not_fit_are_refused(window: int, hop: int, lookahead: int) -> None:
    with pytest.raises(ConfigError, match=r"engine\."):
        Geometry(window, hop, lookahead)
