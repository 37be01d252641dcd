"""What every sink does. A further sink is one more line in `PLACES` of `sink_cases.py`."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.config.sinks import SINKS, SinkSection
from monitor.sinks.base import Delivery
from monitor.sinks.follower import Follower
from monitor.sinks.following import sink_state
from monitor.sinks.registry import open_sink
from monitor.store.zarr_store import ZarrStore
from tests.conformance.sink_cases import PLACES, Place
from tests.server.service import wait_until
from tests.sinks.alerts import FOR_HOURS, Following, alert, alerts, section
from tests.store.call_data import record_of, store_at

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(params=sorted(PLACES))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def place(kind: str, tmp_path: Path) -> Iterator[Place]:
    with PLACES[kind](tmp_path) as place:
        yield place


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    return store_at(tmp_path / "store")


@pytest.fixture
def following(store: ZarrStore) -> Iterator[Following]:
    following = Following(store)
    yield following
    following.close(farewell=0)


@pytest.fixture
def desk(kind: str, place: Place) -> SinkSection:
    return section(kind, place.options)


def settled(store: ZarrStore, name: str = "desk") -> bool:
    return sink_state(store, name).position() == store.journal.last


def has_failed(follower: Follower) -> bool:
    return follower.counts.failed > 0


def test_every_sink_is_in_this_suite() -> None:
    assert set(PLACES) == set(SINKS.names())


def test_events_come_in_their_order_as_the_journal_has_them(
    place: Place, desk: SinkSection, store: ZarrStore, following: Following
) -> None:
    following.start(desk=desk)
    told = [*alerts(store.journal, 250, "call-1"), *alerts(store.journal, 10, "über/2")]
    wait_until(lambda: settled(store))
    assert place.received() == told


def test_a_sink_that_never_ran_begins_with_the_events_to_come(
    place: Place, desk: SinkSection, store: ZarrStore, following: Following
) -> None:
    alerts(store.journal, 3)
    following.start(desk=desk)
    told = alert(store.journal, "after")
    wait_until(lambda: settled(store))
    assert place.received() == [told]


def test_it_goes_on_where_it_stopped(place: Place, desk: SinkSection, store: ZarrStore, following: Following) -> None:
    following.start(desk=desk)
    told = [alert(store.journal, "before")]
    following.close()
    told += alerts(store_at(store.layout.root).journal, 3, "meanwhile")
    following.start(desk=desk)
    told.append(alert(store.journal, "after"))
    wait_until(lambda: settled(store))
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
    told = alerts(store_at(store.layout.root).journal, 3)
    wait_until(lambda: place.received() == told)


def test_a_place_that_was_away_gets_everything_in_order(
    place: Place, kind: str, store: ZarrStore, following: Following
) -> None:
    patient = section(kind, place.options, {"attempts": 1_000, "first_pause": 0.01, "longest_pause": 0.1})
    follower = following.start(desk=patient)["desk"]
    place.leave()
    told = alerts(store.journal, 3)
    wait_until(lambda: follower.counts.retried > 1)
    place.come_back()
    wait_until(lambda: settled(store))
    assert (place.received(), follower.counts.dead_lettered, follower.lag) == (told, 0, 0)


def test_what_is_given_up_is_a_dead_letter_and_the_next_has_its_turn(
    place: Place, kind: str, store: ZarrStore, following: Following
) -> None:
    follower = following.start(desk=section(kind, place.options, {"attempts": 2, "first_pause": 0}))["desk"]
    place.leave()
    lost = alert(store.journal)
    wait_until(lambda: follower.counts.dead_lettered == 1)
    place.come_back()
    told = alert(store.journal, "call-2")
    wait_until(lambda: settled(store))
    letters = sink_state(store, "desk").letters.read()
    assert [(letter.seq, letter.attempts, letter.message) for letter in letters] == [(lost["seq"], 2, lost)]
    assert letters[0].reason
    assert place.received() == [told]
    assert (follower.counts.failed, follower.counts.retried, follower.counts.delivered) == (2, 1, 1)


def test_a_sink_that_fails_keeps_neither_the_others_nor_the_journal_waiting(
    place: Place, kind: str, desk: SinkSection, store: ZarrStore, following: Following, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with PLACES[kind](tmp_path / "other") as other:
        followers = following.start(desk=section(kind, place.options, FOR_HOURS), other=section(kind, other.options))
        place.leave()
        told = alerts(store.journal, 5)
        wait_until(lambda: settled(store, "other"))
        wait_until(lambda: has_failed(followers["desk"]))
        assert (other.received(), place.received(), followers["desk"].lag) == (told, [], 5)


def test_it_ends_at_once_while_it_waits_for_its_next_attempt_and_delivers_after_the_next_start(
    place: Place, kind: str, store: ZarrStore, following: Following
) -> None:
    follower = following.start(desk=section(kind, place.options, FOR_HOURS))["desk"]
    place.leave()
    told = alerts(store.journal, 2)
    wait_until(lambda: has_failed(follower))
    following.close(farewell=3_000.0)  # far beyond the time that a test has
    place.come_back()
    following.start(desk=section(kind, place.options, FOR_HOURS))
    wait_until(lambda: settled(store))
    assert place.received() == told


def test_what_was_erased_while_it_waited_is_not_delivered(
    place: Place, kind: str, store: ZarrStore, following: Following
) -> None:
    patient = section(kind, place.options, {"attempts": 1_000, "first_pause": 0.01, "longest_pause": 0.1})
    follower = following.start(desk=patient)["desk"]
    place.leave()
    store.create(record_of("call-1")).finish("finished", {})
    alerts(store.journal, 3, "call-1")
    wait_until(lambda: has_failed(follower))
    store.delete("call-1")
    told = alert(store.journal, "call-2")
    place.come_back()
    wait_until(lambda: settled(store))
    assert (place.received(), follower.counts.dead_lettered) == ([told], 0)


def test_the_dead_letters_of_an_erased_call_are_erased(place: Place, kind: str, store: ZarrStore, following: Following) -> None:
    follower = following.start(desk=section(kind, place.options, {"attempts": 1}))["desk"]
    place.leave()
    store.create(record_of("call-1")).finish("finished", {})
    alerts(store.journal, 2, "call-1")
    kept = alert(store.journal, "call-2")
    wait_until(lambda: follower.counts.dead_lettered == 3)
    store_at(store.layout.root).delete("call-1")
    assert [letter.message for letter in sink_state(store, "desk").letters.read()] == [kept]
    assert not any(b"call-1" in path.read_bytes() for path in store.layout.sinks.rglob("*") if path.is_file())


def test_a_test_message_arrives_marked_as_one(place: Place, desk: SinkSection) -> None:
    sink = open_sink("desk", desk)
    sink.deliver(Delivery.test("desk"))
    sink.close()
    assert [(message["type"], message["sink"]) for message in place.received()] == [("test", "desk")]


def killed_once(came: Callable[[], bool], place: Place, kind: str, store: ZarrStore) -> None:
    """Run a service of the sink, and kill it once something has come."""
    command = [sys.executable, "-m", "tests.conformance.sink_service", str(store.layout.root), kind, json.dumps(place.options)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment) as service:
        try:
            wait_until(came)
        finally:
            service.kill()


def test_over_kills_every_event_comes_at_least_once_in_its_order(place: Place, kind: str, store: ZarrStore) -> None:
    sink_state(store, "desk").settle(0)
    told = alerts(store.journal, 300)
    killed_once(lambda: len(place.received()) >= 40, place, kind, store)
    killed_once(lambda: len(place.received()) >= 120, place, kind, store)
    killed_once(lambda: place.received()[-1] == told[-1], place, kind, store)
    came = [message["seq"] for message in place.received()]
    assert list(dict.fromkeys(came)) == [message["seq"] for message in told]
    assert len(came) <= len(told) + 2
