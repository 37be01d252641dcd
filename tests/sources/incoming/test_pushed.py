"""Audio that is pushed becomes a timeline that is pulled: each leg at its place, in step, bounded, whatever the sender does."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.events import Leg
from monitor.sources.incoming.pushed import ENOUGH, PushedSource
from monitor.timeline import SAMPLE_RATE
from tests.sources.incoming.virtual_sender import Heard, Said, hear, push, tone

BOTH: tuple[Leg, ...] = ("customer", "agent")


def in_turns(start: float, stop: float, *legs: Leg) -> list[tuple[float, Said]]:
    """Messages of 0.1 s at the speed of the clock."""
    moments = np.arange(round(start * 10), round(stop * 10)) / 10
    return [(float(moment), push(leg, 0.1)) for moment in moments for leg in legs]


def seconds(heard: Heard, leg: Leg) -> float:
    return len(heard.audio(leg)) / SAMPLE_RATE


def test_audio_that_comes_sooner_than_it_was_spoken_is_handed_on_little_faster_than_the_clock() -> None:
    heard = hear([(0.0, push("customer", 1.0)) for _ in range(8)], ["customer"])
    early = [chunk.stop / SAMPLE_RATE - (1.0 + 1.5 * at) for at, chunk in heard.chunks]
    assert (seconds(heard, "customer"), max(early) <= 0, heard.gaps("customer")) == (8.0, True, [])


def test_a_sender_that_begins_with_what_was_said_before_is_soon_heard_as_it_speaks() -> None:
    heard = hear([*[(0.0, push("customer", 1.0))] * 4, *in_turns(0, 20, "customer")], ["customer"])
    assert heard.seconds_by("customer", 2.0) < 6.0
    assert heard.seconds_by("customer", 18.0) >= 4.0 + 17.9


def test_audio_that_comes_in_bursts_is_heard_whole() -> None:
    heard = hear([(0.0, push("customer", 1.0)), *[(4.0, push("customer", 1.0))] * 3], ["customer"])
    assert (seconds(heard, "customer"), heard.gaps("customer")) == (4.0, [])


def test_where_nothing_comes_an_empty_chunk_says_that_the_source_lives() -> None:
    heard = hear([(0.0, push("customer", 0.1)), (1.0, push("customer", 0.1))], ["customer"])
    moments = [at for at, _ in heard.chunks]
    assert np.diff(moments).max() <= 0.1


def test_a_leg_that_stalls_waits_by_itself_and_nothing_is_invented() -> None:
    said = [*in_turns(0, 3, *BOTH), *in_turns(3, 9, "customer"), *[(9.0, push("agent", 1.0))] * 6, *in_turns(9, 10, *BOTH)]
    heard = hear(said)
    assert heard.seconds_by("customer", 8.0) >= 7.9
    assert heard.seconds_by("agent", 8.9) == 3.0
    assert (seconds(heard, "customer"), seconds(heard, "agent"), heard.gaps("agent")) == (10.0, 10.0, [])


def test_a_leg_that_sends_nothing_for_longer_is_silent_and_goes_on_where_the_other_is() -> None:
    said = [*in_turns(0, 3, *BOTH), *in_turns(3, 9, "customer"), *in_turns(9, 10, "agent", "customer")]
    heard = hear(said, max_stall=2.0)
    assert heard.gaps("agent") == [(3.0, 9.0, "silence")]
    assert 7.0 <= heard.seconds_by("agent", 8.9) <= 8.0
    assert seconds(heard, "agent") == seconds(heard, "customer") == 10.0


def test_a_leg_that_comes_later_begins_where_the_other_is() -> None:
    heard = hear([*in_turns(0, 4, "customer"), *in_turns(4, 6, "agent", "customer")])
    assert heard.gaps("agent") == [(0.0, 4.0, "silence")]
    assert seconds(heard, "agent") == seconds(heard, "customer") == 6.0


def test_a_leg_that_ends_before_the_other_is_silent_to_the_end() -> None:
    heard = hear([*in_turns(0, 2, *BOTH), *in_turns(2, 3, "agent")])
    assert (seconds(heard, "customer"), heard.gaps("customer")) == (3.0, [(2.0, 3.0, "silence")])


@pytest.mark.parametrize("missing", ["silence", "lost"])
def test_what_the_sender_left_out_is_marked_at_its_place(missing: str) -> None:
    said = [(0.0, push("customer", 1.0)), (1.5, _position(1.5, missing)), (1.5, push("customer", 0.5))]
    heard = hear(said, ["customer"])
    assert (heard.gaps("customer"), seconds(heard, "customer")) == ([(1.0, 1.5, missing)], 2.0)
    assert not heard.audio("customer")[SAMPLE_RATE : SAMPLE_RATE * 3 // 2].any()


def test_a_moment_that_was_rounded_down_moves_nothing() -> None:
    heard = hear([(0.0, push("customer", 1.0)), (1.0, _position(0.95)), (1.0, push("customer", 1.0))], ["customer"])
    assert (heard.gaps("customer"), seconds(heard, "customer")) == ([], 2.0)


@pytest.mark.parametrize("moment", [0.5, 11.5, 1e6])
def test_a_moment_that_cannot_be_is_refused_and_changes_nothing(moment: float) -> None:
    def refused(source: PushedSource) -> None:
        with pytest.raises(ConfigError, match=r"leg customer cannot go on at .* s: it is at 1.00 s"):
            source.position("customer", moment, "lost")

    heard = hear([(0.0, push("customer", 1.0)), (1.0, refused), (1.0, push("customer", 1.0))], ["customer"])
    assert (heard.gaps("customer"), seconds(heard, "customer")) == ([], 2.0)


def test_a_source_of_which_enough_waits_is_full_until_there_is_room_and_says_so() -> None:
    changes: list[bool] = []

    def fill(source: PushedSource) -> None:
        source.on_change = lambda: changes.append(source.full)
        for _ in range(int(ENOUGH) + 1):
            source.push("customer", tone(1.0))
        changes.append(source.full)

    heard = hear([(0.0, fill)], ["customer"])
    assert (changes, seconds(heard, "customer")) == ([True, False, False], ENOUGH + 1)


def test_a_sender_that_finds_it_full_during_a_look_is_told_of_the_room_that_the_same_look_makes() -> None:
    told: list[str] = []
    source = PushedSource(["customer"], SAMPLE_RATE, "s16le", "virtual", clock=lambda: float(len(told)), wait=lambda _: None)
    source.push("customer", tone(1.0))
    told += ["a second has passed"] * 60
    chunks = source.chunks()
    next(chunks)
    source.on_change = lambda: told.append("room")
    source.push("customer", tone(1.0) * 12)
    told.append("full" if source.full else "not full")
    source.end()
    list(chunks)
    assert told[60:] == ["full", "room", "room"]


def test_what_comes_beyond_twice_enough_is_lost_at_its_place_and_counted() -> None:
    heard = hear([(0.0, push("customer", 1.0)) for _ in range(25)], ["customer"])
    assert heard.gaps("customer") == [(21.0, 25.0, "lost")]
    assert heard.source.report()["customer"].overflow_seconds == 4.0


def test_single_samples_fill_no_memory_either() -> None:
    def fill(source: PushedSource) -> None:
        for _ in range(10_000):
            source.push("customer", b"\x00\x10")

    heard = hear([(0.0, fill)], ["customer"])
    assert heard.source.report()["customer"].packets < 10_000
    assert len(heard.audio("customer")) == 10_000


def test_a_call_of_which_nothing_comes_is_over() -> None:
    heard = hear([(0.0, push("customer", 1.0)), (5.0, push("customer", 1.0))], ["customer"], inactivity=2.0)
    assert (heard.source.end_reason(), seconds(heard, "customer")) == ("inactive", 1.0)


def test_a_call_ends_as_its_sender_says() -> None:
    heard = hear([(0.0, push("customer", 1.0)), (0.1, lambda source: source.end("interrupted"))], ["customer"])
    assert heard.source.end_reason() == "interrupted"


def test_a_stopped_call_gives_what_came_at_once() -> None:
    heard = hear([(0.0, push("customer", 5.0)), (0.1, lambda source: source.stop())], ["customer"])
    assert (heard.source.end_reason(), seconds(heard, "customer"), heard.chunks[-1][0] < 0.5) == ("stopped", 5.0, True)


PUSHES = st.lists(st.tuples(st.sampled_from(BOTH), st.integers(1, 10)), min_size=1, max_size=18)


@settings(max_examples=60, deadline=None)
@given(pushes=PUSHES, delays=st.lists(st.integers(0, 30), min_size=24, max_size=24))
def test_where_audio_is_placed_depends_on_what_came_and_never_on_when(
    pushes: Sequence[tuple[Leg, int]], delays: Sequence[int]
) -> None:
    moments = np.cumsum(delays)[: len(pushes)] / 10
    said = [push(leg, tenths / 10, 0.1 + number / 50) for number, (leg, tenths) in enumerate(pushes)]
    at_once = hear([(0.0, each) for each in said], max_stall=1.0)
    spread = hear(list(zip(map(float, moments), said, strict=True)), max_stall=1.0)
    np.testing.assert_array_equal(at_once.audio("customer"), spread.audio("customer"))
    np.testing.assert_array_equal(at_once.audio("agent"), spread.audio("agent"))
    assert at_once.gaps("agent") == spread.gaps("agent")
    assert len(spread.audio("customer")) == len(spread.audio("agent"))


def _position(moment: float, missing: str = "silence") -> Said:
    return lambda source: source.position("customer", moment, missing)  # type: ignore[arg-type]
