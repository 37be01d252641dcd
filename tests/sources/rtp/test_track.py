import tracemalloc
from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.chunk import AudioChunk
from monitor.sources.rtp.track import Track
from tests.sources.rtp.sender import audio, gaps


def drained(track: Track) -> Iterator[AudioChunk]:
    track.close()
    yield from drain(track)


def drain(track: Track) -> Iterator[AudioChunk]:
    while track.pending:
        chunk = track.take()
        if chunk is not None:
            yield chunk


pieces = st.lists(
    st.tuples(
        st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000]),
        st.integers(0, 3_000),
        st.sampled_from([None, "lost", "silence"]),
        st.booleans(),
    ),
    max_size=12,
)


@given(pieces)
def test_whatever_is_appended_comes_out_without_a_hole_at_the_position_promised(appended):
    track, chunks = Track("mixed"), []
    for rate, length, cause, taken in appended:
        track.append(np.full(length, 0.1, np.float32), rate, cause)
        chunks += drain(track) if taken else []
    chunks += drained(track)
    assert len(audio(chunks)) == track.position == track.taken
    assert sum(stop - start for start, stop, _ in gaps(chunks)) == sum(track.totals.values())


def test_an_hour_of_silence_takes_no_memory_and_comes_in_small_pieces():
    track = Track("mixed")
    track.append(np.zeros(160, np.float32), 8_000)
    tracemalloc.start()
    track.silence(8_000 * 3_600, 8_000)
    lengths = [len(chunk.samples) for chunk in drained(track)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(lengths) == 16_000 * 3_600 + 320
    assert max(lengths) <= 16_000
    assert peak < 4_000_000


def test_gaps_that_touch_are_one():
    track = Track("mixed")
    track.silence(100, 8_000)
    track.silence(60, 8_000)
    track.silence(10, 8_000, "lost")
    assert gaps(drained(track)) == [(0, 320, "silence"), (320, 340, "lost")]
