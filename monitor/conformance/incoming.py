"""What every protocol by which calls come does, in tests. They ask for a module's fixture `incoming_case`.

They need hypothesis.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.events import LEGS, Leg
from monitor.sources.decode.raw import SUBTYPES, Encoding
from monitor.sources.incoming.call import Begin, End, Heard, IncomingCall, Message, Reply, Sound


@dataclass(frozen=True)
class IncomingCase:
    """A protocol, and a whole call in it."""

    make: Callable[[], IncomingCall]
    """As the server makes it when somebody connects: the class."""
    messages: Sequence[Message]
    """From the first to the one that ends the call."""
    audio: Mapping[Leg, bytes]
    """What each leg says in them."""

    def __str__(self) -> str:
        return self.make().kind


def hear(incoming: IncomingCall, messages: Iterable[Message]) -> list[Heard]:
    """What messages mean; those that make no sense mean nothing."""
    heard: list[Heard] = []
    for message in messages:
        with suppress(ConfigError):
            heard += incoming.hear(message)
    return heard


@pytest.fixture(scope="module")
def heard(incoming_case: IncomingCase) -> list[Heard]:
    """What the call means."""
    return hear(incoming_case.make(), incoming_case.messages)


def begun(heard: Sequence[Heard]) -> Begin:
    """The call's beginning."""
    return next(each for each in heard if isinstance(each, Begin))


def spoken(heard: Sequence[Heard]) -> dict[Leg, bytes]:
    """What each leg says."""
    legs = begun(heard).legs
    return {leg: b"".join(each.data for each in heard if isinstance(each, Sound) and each.leg == leg) for leg in legs}


ANY_MESSAGE = st.one_of(st.text(), st.binary(), st.sampled_from(["{}", "[]", "null", '{"type": 7}', "[" * 9_000, ""]))


def test_its_route_is_a_word(incoming_case: IncomingCase) -> None:
    words = incoming_case.make().route.split("-")
    assert all(word.isascii() and word.isalnum() and word.islower() for word in words)


def test_a_call_begins_once_before_any_sound(heard: list[Heard]) -> None:
    besides = [each for each in heard if not isinstance(each, Reply)]
    assert [number for number, each in enumerate(besides) if isinstance(each, Begin)] == [0]


def test_it_says_what_will_come(heard: list[Heard], incoming_case: IncomingCase) -> None:
    begin = begun(heard)
    assert begin.legs == tuple(leg for leg in LEGS if leg in incoming_case.audio)
    assert 8_000 <= begin.rate <= 48_000
    assert begin.encoding in get_args(Encoding)


def test_each_leg_says_what_was_sent(heard: list[Heard], incoming_case: IncomingCase) -> None:
    assert spoken(heard) == incoming_case.audio


def test_sound_comes_in_whole_samples_of_a_second_at_most(heard: list[Heard]) -> None:
    begin = begun(heard)
    width = SUBTYPES[begin.encoding][1]
    sizes = {len(each.data) for each in heard if isinstance(each, Sound)}
    assert all(size % width == 0 and 0 < size <= width * begin.rate for size in sizes)


def test_a_call_ends_after_its_last_sound(heard: list[Heard]) -> None:
    besides = [each for each in heard if not isinstance(each, Reply)]
    assert [number for number, each in enumerate(besides) if isinstance(each, End)] == [len(besides) - 1]


def test_two_connections_know_nothing_of_each_other(incoming_case: IncomingCase, heard: list[Heard]) -> None:
    first, second = incoming_case.make(), incoming_case.make()
    halves = [(hear(first, [message]), hear(second, [message])) for message in incoming_case.messages]
    assert [each for half, _ in halves for each in half] == [each for _, half in halves for each in half] == heard


@given(messages=st.lists(ANY_MESSAGE, max_size=20))
def test_whatever_comes_first_is_understood_or_refused(incoming_case: IncomingCase, messages: list[Message]) -> None:
    hear(incoming_case.make(), messages)


@given(messages=st.lists(ANY_MESSAGE, max_size=20))
def test_whatever_comes_in_a_call_is_understood_or_refused(incoming_case: IncomingCase, messages: list[Message]) -> None:
    incoming = incoming_case.make()
    hear(incoming, incoming_case.messages[:-1])
    hear(incoming, messages)


@given(text=st.text(min_size=1))
def test_text_that_makes_no_sense_changes_nothing(incoming_case: IncomingCase, heard: list[Heard], text: str) -> None:
    nonsense = "\N{BROKEN BAR}" + text
    messages = [message for each in incoming_case.messages for message in (nonsense, each)]
    assert [each for each in hear(incoming_case.make(), messages) if not isinstance(each, Reply)] == [
        each for each in heard if not isinstance(each, Reply)
    ]


def test_it_has_words_for_what_the_server_says(incoming_case: IncomingCase) -> None:
    incoming = incoming_case.make()
    said = [*incoming.started("call-1"), *incoming.wrong("config", "no"), *incoming.ended("call-1", "finished")]
    assert all(isinstance(message, str | bytes) for message in said)
