import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from monitor.conformance.stored_calls import assert_same_frames
from monitor.events import Frames, Mark, late_mark
from monitor.frame_format import LegFormat, as_stored, cut, damage, joined
from monitor.timeline import TICK_FRAMES

FORMATS = st.builds(
    LegFormat,
    dim=st.just(3),
    classes=st.just(2),
    stride=st.sampled_from([1, TICK_FRAMES]),
    dtype=st.sampled_from(["float16", "float32"]),
)
VALUES = st.floats(width=32, allow_nan=True, allow_infinity=False)


@st.composite
def raw_frames(draw: st.DrawFn, values: st.SearchStrategy[float] = VALUES) -> Frames:
    count = draw(st.integers(0, 23))
    return Frames(
        call="c",
        leg="customer",
        start=draw(st.integers(0, 1000)) * TICK_FRAMES,
        embedding=draw(hnp.arrays(np.float32, (count, 3), elements=values)),
        logits=draw(hnp.arrays(np.float32, (count, 2), elements=values)),
        speech=np.zeros(count, np.float32),
        marks=np.zeros(count, np.uint8),
    )


@given(raw_frames(), FORMATS)
def test_storing_twice_is_storing_once(frames: Frames, format_: LegFormat):
    once = as_stored(frames, format_)

    assert_same_frames(as_stored(once, format_), once)


@given(raw_frames(st.floats(-60000, 60000, width=32)))
def test_half_precision_is_the_nearest_half(frames: Frames):
    stored = as_stored(frames, LegFormat(3, 2))

    np.testing.assert_array_equal(stored.embedding, frames.embedding.astype(np.float16).astype(np.float32))


@given(raw_frames(st.floats(-100, 100, width=32)), st.integers(0, 4))
def test_pooling_does_not_depend_on_how_frames_are_cut(frames: Frames, ticks: int):
    format_ = LegFormat(3, 2, stride=TICK_FRAMES, dtype="float32")
    edge = min(frames.start + ticks * TICK_FRAMES, frames.start + len(frames) // TICK_FRAMES * TICK_FRAMES)

    whole = as_stored(frames, format_)
    parts = [as_stored(cut(frames, *ends), format_) for ends in ((frames.start, edge), (edge, frames.stop))]

    assert_same_frames(joined(parts), whole)


def one_tick(embedding: list[list[float]], **changes: object) -> Frames:
    count = len(embedding)
    known = {
        "call": "c",
        "leg": "customer",
        "start": 0,
        "embedding": np.array(embedding, np.float32),
        "logits": np.zeros((count, 2), np.float32),
        "speech": np.zeros(count, np.float32),
        "marks": np.zeros(count, np.uint8),
    }
    return Frames(**{**known, **changes})  # type: ignore[arg-type]


def test_a_pooled_row_is_the_mean_of_the_frames_that_have_a_result():
    nan = [np.nan, np.nan, np.nan]
    marks = np.array([0, Mark.SKIPPED, 0, 0, 0, Mark.SKIPPED], np.uint8)
    frames = one_tick([[1, 2, 3], nan, [2, 2, 3], [3, 2, 3], [2, 2, 3], nan], marks=marks)

    stored = as_stored(frames, LegFormat(3, 2, stride=TICK_FRAMES))

    np.testing.assert_array_equal(stored.embedding, [[2, 2, 3], nan])


def test_values_beyond_half_precision_become_its_largest():
    stored = as_stored(one_tick([[1e6, -1e6, 0]]), LegFormat(3, 2))

    np.testing.assert_array_equal(stored.embedding, [[65504, -65504, 0]])


@pytest.mark.parametrize(
    ("format_", "message"),
    [
        (LegFormat(4, 2), r"embedding of leg customer must have shape \(1, 4\), got \(1, 3\)"),
        (LegFormat(3, 5), r"logits of leg customer must have shape \(1, 5\), got \(1, 2\)"),
    ],
)
def test_frames_of_another_format_are_refused(format_: LegFormat, message: str):
    with pytest.raises(ValueError, match=message):
        as_stored(one_tick([[1, 2, 3]]), format_)


def test_pooled_frames_cannot_be_unpooled():
    pooled = as_stored(one_tick([[1, 2, 3]] * 5), LegFormat(3, 2, stride=5))

    with pytest.raises(ValueError, match="pooled by 5 cannot become frames pooled by 1"):
        as_stored(pooled, LegFormat(3, 2))


@pytest.mark.parametrize("mark", [0, Mark.LOST, late_mark(1), late_mark(14) | Mark.SILENCE])
def test_marks_that_are_written_are_known(mark: int):
    assert damage(one_tick([[1, 2, 3]], marks=np.array([mark], np.uint8))) is None


@pytest.mark.parametrize("mark", [255, Mark.LATE, 1 << 4])
def test_marks_that_no_version_writes_are_damage(mark: int):
    assert damage(one_tick([[1, 2, 3]], marks=np.array([mark], np.uint8))) == "marks that no version wrote"
