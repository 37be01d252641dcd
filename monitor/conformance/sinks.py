"""What every sink does, in tests. They ask for a fixture `make_place`: where the sink brings events, as `Place` says."""

import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.config.sinks import SinkSection
from monitor.conformance.followed_journal import FOR_HOURS, Following, alert, alerts, come_true, section, store_in
from monitor.conformance.stored_calls import record_of
from monitor.sinks.base import Delivery
from monitor.sinks.follower import Follower
from monitor.sinks.registry import open_sink
from monitor.store.zarr.store import ZarrStore


class Place(ABC):
    """Where a sink brings its events."""

    kind: str
    """Of the sink, as in the configuration."""
    options: dict[str, Any]
    """By which the sink finds the place; JSON-ready."""

    @abstractmethod
    def received(self) -> list[dict[str, Any]]:
        """The messages that came, in their order. From any process."""

    @abstractmethod
    def leave(self) -> None:
        """From now on nothing is received, in a way that may pass."""

    @abstractmethod
    def come_back(self) -> None:
        """From now on it is as at first."""


MakePlace = Callable[[], Place]
"""Each call makes a further one."""


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    """The place, made once."""
    return make_place()


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    """A store whose journal is followed."""
    return store_in(tmp_path / "store")


@pytest.fixture
def following(store: ZarrStore) -> Iterator[Following]:
    """Sinks of the store; they end with the test, however it goes."""
    following = Following(store)
    yield following
    following.close(farewell=0)


@pytest.fixture
def desk(place: Place) -> SinkSection:
    """A sink that tries for ever and does not wait."""
    return section(place.kind, place.options)


def settled(store: ZarrStore, name: str = "desk") -> bool:
    return store.sink_state(name).position() == store.journal.last


def has_failed(follower: Follower) -> bool:
    return follower.counts.failed > 0


def test_events_come_in_their_order_as_the_journal_has_them(
    place: Place, desk: SinkSection, store: ZarrStore, following: Following
) -> None:
    following.start(desk=desk)
    told = [*alerts(store.journal, 250, "call-1"), *alerts(store.journal, 10, "über/2")]
    come_true(lambda: settled(store))
    assert place.received() == told


def test_a_sink_that_never_ran_begins_with_the_events_to_come(
    place: Place, desk: SinkSection, store: ZarrStore, following: Following
) -> None:
    alerts(store.journal, 3)
    following.start(desk=desk)
    told = alert(store.journal, "after")
    come_true(lambda: settled(store))
    assert place.received() == [told]


def test_it_goes_on_where_it_stopped(place: Place, desk: SinkSection, store: ZarrStore, following: Following) -> None:
    following.start(desk=desk)
    told = [alert(store.journal, "before")]
    following.close()
    told += alerts(store_in(store.layout.root).journal, 3, "meanwhile")
    following.start(desk=desk)
    told.append(alert(store.journal, "after"))
    come_true(lambda: settled(store))
    assert place.received() == told


def test_what_happens_just_before_the_end_is_delivered(
    place: Place, desk: SinkSection, store: ZarrStore, following: Following
) -> None:
    following.start(desk=desk)
    told = alerts(store.journal, 20)
    following.close()
    assert place.received() == told


def test_events_of_other_processes_are_delivered(
    place: Place, desk: SinkSection, store: ZarrStore, following: Following
) -> None:
    following.start(desk=desk)
    told = alerts(store_in(store.layout.root).journal, 3)
    come_true(lambda: place.received() == told)


def test_a_place_that_was_away_gets_everything_in_order(place: Place, store: ZarrStore, following: Following) -> None:
    patient = section(place.kind, place.options, {"attempts": 1_000, "first_pause": 0.01, "longest_pause": 0.1})
    follower = following.start(desk=patient)["desk"]
    place.leave()
    told = alerts(store.journal, 3)
    come_true(lambda: follower.counts.retried > 1)
    place.come_back()
    come_true(lambda: settled(store))
    assert (place.received(), follower.counts.dead_lettered, follower.lag) == (told, 0, 0)


def test_what_is_given_up_is_a_dead_letter_and_the_next_has_its_turn(
    place: Place, store: ZarrStore, following: Following
) -> None:
    follower = following.start(desk=section(place.kind, place.options, {"attempts": 2, "first_pause": 0}))["desk"]
    place.leave()
    lost = alert(store.journal)
    come_true(lambda: follower.counts.dead_lettered == 1)
    place.come_back()
    told = alert(store.journal, "call-2")
    come_true(lambda: settled(store))
    letters = store.sink_state("desk").letters.read()
    assert [(letter.seq, letter.attempts, letter.message) for letter in letters] == [(lost["seq"], 2, lost)]
    assert letters[0].reason
    assert place.received() == [told]
    assert (follower.counts.failed, follower.counts.retried, follower.counts.delivered) == (2, 1, 1)


def test_a_sink_that_fails_keeps_neither_the_others_nor_the_journal_waiting(
    make_place: MakePlace, store: ZarrStore, following: Following
) -> None:
    place, other = make_place(), make_place()
    sections = {"desk": section(place.kind, place.options, FOR_HOURS), "other": section(other.kind, other.options)}
    followers = following.start(**sections)
    place.leave()
    told = alerts(store.journal, 5)
    come_true(lambda: settled(store, "other"))
    come_true(lambda: has_failed(followers["desk"]))
    assert (other.received(), place.received(), followers["desk"].lag) == (told, [], 5)


def test_it_ends_at_once_while_it_waits_for_its_next_attempt_and_delivers_after_the_next_start(
    place: Place, store: ZarrStore, following: Following
) -> None:
    follower = following.start(desk=section(place.kind, place.options, FOR_HOURS))["desk"]
    place.leave()
    told = alerts(store.journal, 2)
    come_true(lambda: has_failed(follower))
    following.close(farewell=3_000.0)  # far beyond the time that a test has
    place.come_back()
    following.start(desk=section(place.kind, place.options, FOR_HOURS))
    come_true(lambda: settled(store))
    assert place.received() == told


def test_what_was_erased_while_it_waited_is_not_delivered(place: Place, store: ZarrStore, following: Following) -> None:
    patient = section(place.kind, place.options, {"attempts": 1_000, "first_pause": 0.01, "longest_pause": 0.1})
    follower = following.start(desk=patient)["desk"]
    place.leave()
    store.create(record_of("call-1")).finish("finished", {})
    alerts(store.journal, 3, "call-1")
    come_true(lambda: has_failed(follower))
    store.delete("call-1")
    come_true(lambda: follower.lag == 0)  # the attempt that is under way while it is erased may still arrive
    told = alert(store.journal, "call-2")
    place.come_back()
    come_true(lambda: settled(store))
    assert (place.received(), follower.counts.dead_lettered) == ([told], 0)


def test_the_dead_letters_of_an_erased_call_are_erased(place: Place, store: ZarrStore, following: Following) -> None:
    follower = following.start(desk=section(place.kind, place.options, {"attempts": 1}))["desk"]
    place.leave()
    store.create(record_of("call-1")).finish("finished", {})
    alerts(store.journal, 2, "call-1")
    kept = alert(store.journal, "call-2")
    come_true(lambda: follower.counts.dead_lettered == 3)
    come_true(lambda: settled(store))
    store_in(store.layout.root).delete("call-1")
    assert [letter.message for letter in store.sink_state("desk").letters.read()] == [kept]
    assert not any(b"call-1" in path.read_bytes() for path in store.layout.sinks.rglob("*") if path.is_file())


def test_a_test_message_arrives_marked_as_one(place: Place, desk: SinkSection) -> None:
    sink = open_sink("desk", desk)
    sink.deliver(Delivery.test("desk"))
    sink.close()
    assert [(message["type"], message["sink"]) for message in place.received()] == [("test", "desk")]


def killed_once(came: Callable[[], bool], place: Place, store: ZarrStore) -> None:
    """Run a service of the sink, and kill it once something has come."""
    arguments = [str(store.layout.root), place.kind, json.dumps(place.options)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-m", "monitor.conformance.sink_service", *arguments], env=environment) as service:
        try:
            come_true(came)
        finally:
            service.kill()


def test_over_kills_every_event_comes_at_least_once_in_its_order(place: Place, store: ZarrStore) -> None:
    store.sink_state("desk").settle(0)
    told = alerts(store.journal, 300)
    killed_once(lambda: len(place.received()) >= 40, place, store)
    killed_once(lambda: len(place.received()) >= 120, place, store)
    killed_once(lambda: place.received()[-1] == told[-1], place, store)
    came = [message["seq"] for message in place.received()]
    assert list(dict.fromkeys(came)) == [message["seq"] for message in told]
    assert len(came) <= len(told) + 2
