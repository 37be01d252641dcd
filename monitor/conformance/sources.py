"""What every source does that is opened, in tests. They ask for a module's fixture `source_case`: how it is opened, on what.

The input lasts `SECONDS` or more, and both legs of it, where it has two, are sent alike.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from monitor.audio.chunk import AudioChunk
from monitor.events import LEGS, Leg, LegReport
from monitor.sources.base import Source

SECONDS = 1.6
"""Of input, where it has an end."""
PATIENCE = 30
"""Seconds after which a source that was stopped is taken to have hung."""


Opened = Callable[[Path], AbstractContextManager[Source]]
"""Opens a source on input that it makes in a folder."""


@dataclass(frozen=True)
class SourceCase:
    """A source, ready to be opened on real input of `SECONDS`."""

    name: str
    kind: str
    opened: Opened
    endless: bool = False
    """Ends only by `stop`."""
    ends_as: str = "finished"

    def __str__(self) -> str:
        return self.name


@dataclass
class Taken:
    """A source that was taken to its end, and what it said on the way."""

    source: Source
    before: dict[Leg, LegReport]
    """Its report before it was read."""
    chunks: list[AudioChunk]
    meanwhile: list[float] = field(default_factory=list)
    """Seconds of its first leg, as another thread was told them while it was read."""

    @property
    def legs(self) -> dict[Leg, list[AudioChunk]]:
        """Chunks by leg."""
        legs: dict[Leg, list[AudioChunk]] = defaultdict(list)
        for chunk in self.chunks:
            legs[chunk.leg].append(chunk)
        return legs

    def spreads(self) -> Iterator[int]:
        """After each chunk, by how many samples the legs are apart."""
        reached = dict.fromkeys(self.source.legs, 0)
        for chunk in self.chunks:
            reached[chunk.leg] = chunk.stop
            yield max(reached.values()) - min(reached.values())

    def marked(self, leg: Leg, cause: str) -> int:
        """Samples in gaps of a cause."""
        return sum(gap.length for chunk in self.legs[leg] for gap in chunk.gaps if gap.cause == cause)


@pytest.fixture
def source(source_case: SourceCase, tmp_path: Path) -> Iterator[Source]:
    with source_case.opened(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def taken(source_case: SourceCase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    with source_case.opened(tmp_path_factory.mktemp("source")) as source:
        taken = Taken(source, dict(source.report()), [])
        done = threading.Event()

        def ask() -> None:
            while not done.wait(0.001):
                taken.meanwhile.append(source.report()[source.legs[0]].seconds)

        asker = threading.Thread(target=ask)
        asker.start()
        for chunk in source.chunks():
            taken.chunks.append(chunk)
            if source_case.endless and chunk.stop > SECONDS * 16_000:
                source.stop()
        done.set()
        asker.join()
        yield taken


def test_it_says_what_it_is_before_it_is_read(taken: Taken, source_case: SourceCase) -> None:
    assert taken.source.kind == source_case.kind
    assert taken.source.legs == tuple(leg for leg in LEGS if leg in taken.source.legs)
    assert taken.source.description
    assert isinstance(taken.source.realtime, bool)
    assert taken.before == {leg: LegReport(codec=taken.before[leg].codec) for leg in taken.source.legs}


def test_each_leg_is_gapless_from_sample_0(taken: Taken) -> None:
    assert set(taken.legs) == set(taken.source.legs)
    assert all(chunks[0].start == 0 for chunks in taken.legs.values())
    assert all(before.stop == after.start for chunks in taken.legs.values() for before, after in pairwise(chunks))


def test_all_legs_end_together_and_nothing_is_missing(taken: Taken) -> None:
    ends = {chunks[-1].stop for chunks in taken.legs.values()}
    assert len(ends) == 1
    assert ends.pop() >= (SECONDS - 0.1) * 16_000


def test_samples_are_finite_float32_in_chunks_of_a_second_at_most(taken: Taken) -> None:
    assert {(chunk.samples.dtype, chunk.samples.ndim) for chunk in taken.chunks} == {(np.dtype(np.float32), 1)}
    assert all(np.isfinite(chunk.samples).all() for chunk in taken.chunks)
    assert max(len(chunk.samples) for chunk in taken.chunks) <= 16_000


def test_legs_are_never_more_than_a_second_apart(taken: Taken) -> None:
    assert max(taken.spreads()) <= 16_000


def test_gaps_lie_inside_their_chunk_in_order_and_apart(taken: Taken) -> None:
    gaps = [(chunk, gap) for chunk in taken.chunks for gap in chunk.gaps]
    assert all(chunk.start <= gap.start and gap.start + gap.length <= chunk.stop for chunk, gap in gaps)
    assert all(gap.length > 0 for _, gap in gaps)
    assert all(a.start + a.length <= b.start for chunk in taken.chunks for a, b in pairwise(chunk.gaps))


def test_the_report_adds_up_to_what_was_given(taken: Taken) -> None:
    report = taken.source.report()
    told = [(report[leg].seconds, report[leg].lost_seconds, report[leg].silence_seconds) for leg in taken.source.legs]
    given = [(taken.legs[leg][-1].stop, taken.marked(leg, "lost"), taken.marked(leg, "silence")) for leg in taken.source.legs]
    np.testing.assert_allclose(told, np.array(given) / 16_000, atol=1e-3)


def test_the_report_may_be_asked_for_at_any_time_from_any_thread(taken: Taken) -> None:
    assert taken.meanwhile == sorted(taken.meanwhile)


def test_at_its_end_it_says_why(taken: Taken, source_case: SourceCase) -> None:
    assert taken.source.end_reason() == source_case.ends_as


def test_stop_from_another_thread_ends_it_soon_and_evenly(source: Source) -> None:
    chunks: list[AudioChunk] = []
    begun = threading.Event()

    def listen() -> None:
        for chunk in source.chunks():
            chunks.append(chunk)
            begun.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert begun.wait(PATIENCE)
    source.stop()
    source.stop()
    listener.join(PATIENCE)
    assert not listener.is_alive()
    assert len({chunk.stop for chunk in {chunk.leg: chunk for chunk in chunks}.values()}) == 1


def test_stopped_before_it_is_read_it_ends_at_once(source: Source) -> None:
    source.stop()
    assert max((chunk.stop for chunk in source.chunks()), default=0) <= 16_000
    assert source.end_reason() == "stopped"
