"""Networks that hold packets back and let go of them: whatever the pattern, what arrives is heard at its place."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from monitor.sources.rtp.clock import DRIFT_STEP
from monitor.sources.rtp.jitter import Released
from monitor.sources.rtp.packet import RtpPacket
from monitor.sources.rtp.stalls import MAX_HELD, StallJudge
from monitor.sources.rtp.timing import BELIEVED_AHEAD, Timing
from tests.sources.rtp.sender import AGENT, PACKET, Sent, audio, gaps, one_leg, play, stream, two_legs

SECONDS = 24.0
JITTER_BUFFER = 0.06
DRIFT = round(2 * DRIFT_STEP * 16_000)
"""Samples of correction against drift in a call of this length."""


@dataclass(frozen=True)
class Stall:
    """From `begins` on nothing comes for `lasts` seconds; then what was held back comes `rate` times as fast as it was sent."""

    begins: float
    lasts: float
    rate: float

    def delay(self, at: float) -> float:
        ends = self.begins + self.lasts
        return max(at, ends + (at - self.begins) / self.rate) if at >= self.begins else at


STALL = st.builds(Stall, st.floats(0.1, SECONDS - 1), st.floats(0.1, 14.5), st.floats(1.5, 1_000))
STALLS = st.lists(STALL, min_size=1, max_size=4)
NETWORK = settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""Without shrinking: a call takes a second."""


def held_back(sent: Sequence[Sent], stalls: Sequence[Stall]) -> list[Sent]:
    """What comes out of a network that stalls: in order, nothing earlier than it was sent."""
    arrivals = [max([each.at, *(stall.delay(each.at) for stall in stalls)]) for each in sent]
    return [replace(each, at=at) for each, at in zip(sent, accumulate(arrivals, max), strict=True)]


def displaced(sent: Sequence[Sent], draw: random.Random) -> list[Sent]:
    """Packets overtaken by one or two others, within the jitter buffer."""
    room = [min(0.04, later.at - each.at) for each, later in zip(sent, sent[3:], strict=False)]
    return [each.delayed(draw.uniform(0, most)) for each, most in zip(sent, [*room, 0, 0, 0], strict=True)]


def longest_silence(sent: Sequence[Sent]) -> float:
    return max(later.at - each.at for each, later in pairwise(sent))


def agent(seconds: float = SECONDS) -> list[Sent]:
    return stream(seconds, ssrc=0xBEEF, address=AGENT, port=1, hertz=300.0)


@NETWORK
@given(STALLS)
def test_stalls_up_to_the_bound_lose_nothing_and_invent_nothing(stalls):
    sent = held_back(stream(SECONDS), stalls)
    session = one_leg()
    chunks = play(session, sent)
    report = session.report()["mixed"]
    assert longest_silence(sent) > 15.0 or (gaps(chunks), report.late, report.packets) == ([], 0, 1_200)
    assert longest_silence(sent) > 15.0 or len(audio(chunks)) == pytest.approx(SECONDS * 16_000, abs=DRIFT)


@NETWORK
@given(STALLS, st.integers(0, 200), st.integers(0, 2**32))
def test_stalls_with_loss_and_reordering_keep_every_packet_and_the_length_of_the_call(stalls, lost, seed):
    draw, sent = random.Random(seed), held_back(stream(SECONDS), stalls)
    missing = set(draw.sample(range(1, 1_199), lost))
    mixed = displaced([each for index, each in enumerate(sent) if index not in missing], draw)
    session = one_leg()
    heard = audio(play(session, mixed))
    report = session.report()["mixed"]
    last = max(each.at for each in mixed)
    assert report.packets == 1_200 - len(missing)
    assert report.late == 0 or longest_silence(sent) > 14.9
    assert len(heard) / 16_000 <= max(last, SECONDS) + JITTER_BUFFER


@NETWORK
@given(STALLS, STALLS)
def test_each_leg_is_heard_as_if_the_other_had_not_stalled(customers, agents):
    alone = [audio(play(two_legs(), stream(SECONDS) + held_back(agent(), agents)), "agent")]
    both = audio(play(two_legs(), held_back(stream(SECONDS), customers) + held_back(agent(), agents)), "agent")
    np.testing.assert_array_equal(both[: len(alone[0])], alone[0])


@NETWORK
@given(st.lists(st.tuples(st.floats(0.6, 20), st.floats(3.0, 10)), min_size=1, max_size=4))
def test_a_sender_that_stands_still_now_and_then_loses_nothing_and_is_as_long_as_its_arrival(holds):
    starts = list(accumulate((hold + speech for hold, speech in holds), initial=0.0))
    lengths = [*(round(speech * 50) for _, speech in holds), 100]
    first = list(accumulate(lengths, initial=0))
    sent = [
        packet
        for start, count, index in zip(starts, lengths, first, strict=False)
        for packet in stream(count * 0.02, start=start + first_hold(holds), sequence=1 + index, timestamp=index * PACKET)
    ]
    session = one_leg()
    heard = audio(play(session, sent))
    report = session.report()["mixed"]
    assert (report.packets, report.late) == (len(sent), 0)
    assert len(heard) / 16_000 == pytest.approx(sent[-1].at - sent[0].at + 0.02, abs=0.15)


def first_hold(holds: Sequence[tuple[float, float]]) -> float:
    return holds[0][0]


def test_a_stall_of_the_customer_changes_no_sample_and_no_gap_of_the_agent():
    stalled = held_back(stream(SECONDS), [Stall(2.0, 2.5, 50), Stall(8.0, 12.0, 3), Stall(21.0, 1.0, 1_000)])
    with_stalls, without = play(two_legs(), stalled + agent()), play(two_legs(), stream(SECONDS) + agent())
    np.testing.assert_array_equal(audio(with_stalls, "agent"), audio(without, "agent"))
    np.testing.assert_array_equal(audio(with_stalls, "customer"), audio(without, "customer"))
    assert gaps(with_stalls, "agent") == gaps(with_stalls, "customer") == []
    assert [chunk.late for chunk in with_stalls if chunk.leg == "agent" and chunk.late] == []


def queued(begins: float, ends: float, behind: float) -> list[Sent]:
    """A call of which a queue in the network makes all packets late by as much for a while, and then drains."""
    return [
        each.delayed(behind)
        if begins <= each.at < ends
        else replace(each, at=max(each.at, ends + behind))
        if ends <= each.at < ends + behind
        else each
        for each in stream(SECONDS)
    ]


def test_a_queue_that_stands_for_a_second_and_drains_is_no_silence():
    assert gaps(play(one_leg(), queued(5.0, 6.5, behind=3.0))) == []


def test_silence_that_was_put_in_for_a_queue_that_drains_in_the_end_is_paid_back_in_the_next_pause():
    late = queued(5.0, 12.0, behind=3.0)[:900]
    after_a_pause = stream(2.0, start=SECONDS, sequence=901, timestamp=round(SECONDS * 8_000))
    chunks = play(one_leg(), late + after_a_pause)
    assert len(audio(chunks)) / 16_000 == pytest.approx(SECONDS + 2.0, abs=0.1)
    assert [stop - start for start, stop, _ in gaps(chunks)] == [pytest.approx(3.0 * 16_000, abs=1_600)] * 2


def item(index: int, at: float, timestamp: int | None = None) -> Released:
    return Released(RtpPacket(0, False, index, index * PACKET if timestamp is None else timestamp, 1, b""), at)


def test_packets_that_wait_are_bounded_though_arrival_times_stand_still():
    judge = StallJudge()
    for index in range(MAX_HELD + 100):
        judge.push(item(index, 5.0), 3.0 + index % 2, 0.0)
    assert len(judge.flush()) <= MAX_HELD


def test_pauses_that_run_ahead_of_arrival_are_believed_up_to_a_fifth_of_a_second_in_all():
    timing = Timing()
    timing.observe(item(0, 0.0, 0), 8_000, 0.02)
    begun_anew = [timing.observe(item(n, n * 0.02, n * 560), 8_000, 0.02).restarted for n in range(1, 50)]
    assert begun_anew.index(True) == pytest.approx(BELIEVED_AHEAD / 0.05, abs=1)
