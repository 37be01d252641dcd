"""A sink's way along the journal, where something is not as it should be."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from monitor.config.sinks import RetrySection, SelectionSection
from monitor.conformance.followed_journal import AT_ONCE, Following, alert, alerts, come_true, section
from monitor.errors import StoreError
from monitor.sinks.base import Delivery, DeliveryError, Sink
from monitor.sinks.follower import Follower
from monitor.sinks.selection import Selection
from monitor.store.sink_state import DeadLetters, SinkState
from monitor.store.zarr.journal import FileJournal
from monitor.store.zarr.store import ZarrStore


class Scripted(Sink):
    """Does at each attempt what a test says."""

    def __init__(self, attempt: Callable[[Delivery], None]) -> None:
        self._attempt = attempt

    def deliver(self, delivery: Delivery) -> None:
        self._attempt(delivery)


def follower_of(store: ZarrStore, deliver: Callable[[Delivery], None], attempts: int = 3) -> Follower:
    retry = RetrySection(attempts=attempts, **AT_ONCE)
    selection = Selection(SelectionSection(), lambda _: {})
    follower = Follower("desk", Scripted(deliver), selection, retry, store.journal, store.sink_state("desk"))
    follower.start()
    return follower


def test_a_sink_that_is_ahead_of_a_journal_put_back_from_a_backup_goes_on_from_its_end(
    store: ZarrStore, following: Following, tmp_path: Path
) -> None:
    alerts(store.journal, 3)
    store.sink_state("desk").settle(900)
    following.start(desk=section("jsonl", {"path": str(tmp_path / "out")}))
    told = alert(store.journal, "after")
    come_true(lambda: store.sink_state("desk").position() == told["seq"])
    assert len((tmp_path / "out").read_text().splitlines()) == 1


def test_a_position_that_cannot_be_read_ends_the_start_with_the_remedy(store: ZarrStore, following: Following) -> None:
    store.sink_state("desk").settle(1)
    (store.layout.sinks / "desk" / "position.json").write_text("?")
    with pytest.raises(StoreError, match="remove it, and this sink begins with the events to come"):
        following.start(desk=section("jsonl", {"path": "out"}))


def test_a_defect_of_a_sink_is_a_failure_like_others(store: ZarrStore) -> None:
    def defective(delivery: Delivery) -> None:
        raise KeyError("no such thing")

    follower = follower_of(store, defective)
    alert(store.journal)
    come_true(lambda: follower.counts.dead_lettered == 1)
    follower.close(60)
    letters = store.sink_state("desk").letters.read()
    assert [(letter.attempts, letter.reason) for letter in letters] == [(3, "defect of the sink: KeyError")]


def test_a_dead_letter_that_the_disk_refuses_is_written_when_it_takes_it(
    store: ZarrStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([StoreError("the disk is full"), StoreError("the disk is full")])
    add = DeadLetters.add

    def refusing(self: DeadLetters, *arguments: Any) -> bool:
        for refusal in refusals:
            raise refusal
        return add(self, *arguments)

    def failing(delivery: Delivery) -> None:
        raise DeliveryError("not now")

    monkeypatch.setattr(DeadLetters, "add", refusing)
    follower = follower_of(store, failing, attempts=1)
    told = alert(store.journal)
    come_true(lambda: follower.counts.dead_lettered == 1)
    follower.close(60)
    assert [letter.message for letter in store.sink_state("desk").letters.read()] == [told]


def test_events_are_delivered_though_the_disk_takes_no_position(store: ZarrStore, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[Mapping[str, Any]] = []
    follower = follower_of(store, lambda delivery: came.append(delivery.message))

    def refused(self: SinkState, position: int) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(SinkState, "settle", refused)
    told = alerts(store.journal, 3)
    come_true(lambda: follower.lag == 0)
    follower.close(60)
    assert came == told


def test_a_journal_that_cannot_be_read_for_a_while_delays_its_events_alone(
    store: ZarrStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[Mapping[str, Any]] = []
    follower = follower_of(store, lambda delivery: came.append(delivery.message))
    refusals = iter([StoreError("not now"), RuntimeError("a defect")])
    read = FileJournal.read

    def refusing(self: FileJournal, *arguments: Any, **options: Any) -> list[dict[str, Any]]:
        for refusal in refusals:
            raise refusal
        return read(self, *arguments, **options)

    monkeypatch.setattr(FileJournal, "read", refusing)
    told = alerts(store.journal, 3)
    come_true(lambda: follower.lag == 0)
    follower.close(60)
    assert (came, next(refusals, None)) == (told, None)
