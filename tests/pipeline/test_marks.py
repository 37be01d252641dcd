"""Marks: a frame is marked where at least half of its audio is missing."""

from itertools import chain, pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.chunk import Gap
from monitor.events import Mark
from monitor.pipeline.marks import GapMarks

gaps = st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 1500), st.sampled_from(["lost", "silence"])), max_size=6)


def laid_out(spans: list[tuple[int, int, str]]) -> tuple[Gap, ...]:
    """Spans as gaps that follow each other."""
    result, at = [], 0
    for skip, length, cause in spans:
        result.append(Gap(at + skip, length, cause))
        at += skip + length
    return tuple(result)


def test_half_a_frame_lost_marks_it_and_less_does_not() -> None:
    marks = GapMarks()
    marks.add((Gap(160, 160, "lost"), Gap(320, 159, "lost")))
    assert list(marks.take(0, 3)) == [Mark.LOST, 0, 0]


def test_two_gaps_in_one_frame_add_up() -> None:
    marks = GapMarks()
    marks.add((Gap(0, 80, "silence"), Gap(100, 80, "silence")))
    assert list(marks.take(0, 1)) == [Mark.SILENCE]


@given(gaps, st.lists(st.integers(0, 60), max_size=8))
def test_marks_do_not_depend_on_how_they_are_taken(spans: list[tuple[int, int, str]], cuts: list[int]) -> None:
    whole, parts = GapMarks(), GapMarks()
    whole.add(laid_out(spans))
    parts.add(laid_out(spans))
    edges = sorted({0, *cuts, 60})
    pieces = [list(parts.take(a, b)) for a, b in pairwise(edges)]
    assert list(chain(*pieces)) == list(whole.take(0, 60))
