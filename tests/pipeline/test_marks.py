"""Marks: a frame is marked where at least half of its audio is missing."""

from itertools import chain, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.chunk import AudioChunk, Gap, Late
from monitor.events import Mark, late_mark
from monitor.pipeline.marks import SourceMarks

gaps = st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 1500), st.sampled_from(["lost", "silence"])), max_size=6)


def laid_out(spans: list[tuple[int, int, str]]) -> tuple[Gap, ...]:
    """Spans as gaps that follow each other."""
    result, at = [], 0
    for skip, length, cause in spans:
        result.append(Gap(at + skip, length, cause))
        at += skip + length
    return tuple(result)


def chunk(gaps: tuple[Gap, ...] = (), late: tuple[Late, ...] = ()) -> AudioChunk:
    return AudioChunk("mixed", 0, np.zeros(60 * 320, np.float32), gaps, late)


def test_half_a_frame_lost_marks_it_and_less_does_not() -> None:
    marks = SourceMarks()
    marks.add(chunk((Gap(160, 160, "lost"), Gap(320, 159, "lost"))))
    assert list(marks.take(0, 3)) == [Mark.LOST, 0, 0]


def test_two_gaps_in_one_frame_add_up() -> None:
    marks = SourceMarks()
    marks.add(chunk((Gap(0, 80, "silence"), Gap(100, 80, "silence"))))
    assert list(marks.take(0, 1)) == [Mark.SILENCE]


def test_a_frame_is_as_late_as_the_latest_of_its_audio() -> None:
    marks = SourceMarks()
    marks.add(chunk((Gap(320, 320, "silence"),), (Late(0, 330, 5), Late(330, 400, 4))))
    assert list(marks.take(0, 4)) == [late_mark(5), late_mark(5) | Mark.SILENCE, late_mark(4), 0]


@given(gaps, st.lists(st.integers(0, 60), max_size=8))
def test_marks_do_not_depend_on_how_they_are_taken(spans: list[tuple[int, int, str]], cuts: list[int]) -> None:
    whole, parts = SourceMarks(), SourceMarks()
    whole.add(chunk(laid_out(spans)))
    parts.add(chunk(laid_out(spans)))
    edges = sorted({0, *cuts, 60})
    pieces = [list(parts.take(a, b)) for a, b in pairwise(edges)]
    assert list(chain(*pieces)) == list(whole.take(0, 60))
