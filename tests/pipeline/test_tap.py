"""Listening in: whole ticks of each leg at their place, from the moment that somebody listens, and never at the call's cost."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.chunk import AudioChunk
from monitor.errors import BusyError
from monitor.events import Leg
from monitor.pipeline.tap import MOST_LISTENERS, WAITING, Listener, Tap
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.scripted_source import ScriptedSource, tone

SOUND: dict[Leg, np.ndarray] = {
    "customer": np.arange(12_000, dtype=np.float32) / 32_768,
    "agent": -np.arange(12_000, dtype=np.float32) / 32_768,
}


def nobody() -> None:
    """Nobody waits for what comes."""


def chunks(cuts: Sequence[int]) -> list[AudioChunk]:
    edges = sorted({0, *cuts, 12_000})
    return [AudioChunk(leg, start, SOUND[leg][start:stop]) for start, stop in pairwise(edges) for leg in ("customer", "agent")]


def heard(listener: Listener, leg: Leg) -> tuple[list[int], np.ndarray]:
    """Numbers of the ticks, and all their samples."""
    ticks = [tick for tick in listener.take() if tick.leg == leg]
    return [tick.tick for tick in ticks], np.frombuffer(b"".join(tick.samples for tick in ticks), "<i2")


@given(cuts=st.lists(st.integers(0, 12_000), max_size=12), late=st.integers(0, 12), leg=st.sampled_from(["customer", "agent"]))
def test_whole_ticks_come_from_the_moment_that_somebody_listens(cuts: list[int], late: int, leg: Leg) -> None:
    tap, coming = Tap(("customer", "agent")), chunks(cuts)
    for chunk in coming[: 2 * late]:
        tap.hear(chunk)
    listener = tap.open(nobody)
    for chunk in coming[2 * late :]:
        tap.hear(chunk)
    begun = coming[2 * late].start if 2 * late < len(coming) else 12_000
    first = -(-begun // 1_600)
    numbers, samples = heard(listener, leg)
    assert numbers == list(range(first, 7))
    np.testing.assert_array_equal(samples, np.rint(SOUND[leg] * 32_768)[first * 1_600 : 7 * 1_600])


def test_who_does_not_take_loses_the_oldest_and_the_call_goes_on() -> None:
    tap = Tap(("customer",))
    slow, quick = tap.open(nobody), tap.open(nobody)
    for index in range(WAITING + 20):
        tap.hear(AudioChunk("customer", index * 1_600, np.zeros(1_600, np.float32)))
        quick.take()
    numbers, _ = heard(slow, "customer")
    assert numbers == list(range(20, WAITING + 20))


def test_too_many_do_not_listen_and_one_who_leaves_makes_room() -> None:
    tap = Tap(("customer",))
    listeners = [tap.open(nobody) for _ in range(MOST_LISTENERS)]
    with pytest.raises(BusyError, match="people listen to this call, which is the most"):
        tap.open(nobody)
    tap.close(listeners[0])
    tap.open(nobody)


def test_a_listener_is_told_that_the_call_is_over_however_late_they_came() -> None:
    tap, woken = Tap(("customer",)), []
    early = tap.open(lambda: woken.append("early"))
    tap.end("stopped")
    tap.end("finished")
    late = tap.open(lambda: woken.append("late"))
    assert (early.reason, late.reason, woken) == ("stopped", "stopped", ["early", "late"])


def test_sound_beyond_the_range_is_cut_off_at_it() -> None:
    tap = Tap(("customer",))
    listener = tap.open(nobody)
    tap.hear(AudioChunk("customer", 0, np.tile(np.array([1.0, -1.5], np.float32), 800)))
    _, samples = heard(listener, "customer")
    assert set(samples.tolist()) == {32_767, -32_768}


def test_a_call_is_heard_whole_and_says_why_it_ended(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    source = ScriptedSource({"customer": tone(2, 0.3)}, chunk=500)
    source.hold_at = 0
    call = monitor.start_call(source)
    assert source.held.wait(30)
    listener = call.tap.open(nobody)
    source.more.set()
    assert call.wait(60)
    numbers, samples = heard(listener, "customer")
    assert (numbers, listener.reason) == (list(range(20)), "finished")
    np.testing.assert_array_equal(samples, np.rint(tone(2, 0.3) * 32_768))
