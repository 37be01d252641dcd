"""Stored calls under other rules: which are meant, and what differs from what was raised."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import ConfigError, NotFoundError
from monitor.frame_format import LegFormat, as_stored
from monitor.messages import Message, message_of
from monitor.replay.alert_spans import alert_spans, compare
from monitor.replay.choice import chosen_calls
from monitor.store.base import CallRecord
from monitor.store.zarr.call_writer import ZarrCallWriter
from monitor.store.zarr.store import ZarrStore
from tests.replay.moody_call import DIM, LABELS, heard, opened

FORMAT = LegFormat(DIM, len(LABELS))


def alert(status: str, at: float, rule: str = "r", number: int = 1, leg: str = "customer") -> Message:
    name = f"c:{rule}:{leg}:{number}"
    about = {"id": name, "rule": rule, "leg": leg, "status": status, "at": at, "evidence": {"x": at}}
    return message_of({"type": "alert", **about})


def span(start: float, end: float, **which: Any) -> dict[str, Any]:
    return alert_spans([alert("raised", start, **which), alert("cleared", end, **which)])[0]


def test_the_messages_of_an_alert_become_one_stretch() -> None:
    folded = alert_spans([alert("raised", 1.0), alert("updated", 6.0), message_of({"type": "state"}), alert("cleared", 9.0)])
    assert [(one["raised_at"], one["cleared_at"], one["evidence"]) for one in folded] == [(1.0, 9.0, {"x": 9.0})]


def test_an_alert_that_comes_later_is_the_same_as_long_as_both_stand_at_one_time() -> None:
    found = compare([span(10, 20)], [span(12, 18)], ["r"])
    assert ([len(part) for part in (found.same, found.new, found.gone)]) == [1, 0, 0]


def test_one_alert_in_the_place_of_two_is_one_the_same_and_one_gone() -> None:
    found = compare([span(10, 20), span(30, 40, number=2)], [span(10, 40)], ["r"])
    assert ([len(part) for part in (found.same, found.new, found.gone)]) == [1, 0, 1]


@pytest.mark.parametrize("other", [span(30, 40), span(10, 20, leg="agent"), span(10, 20, rule="q")])
def test_at_another_time_of_another_leg_or_rule_it_is_new_and_the_first_is_gone(other: dict[str, Any]) -> None:
    found = compare([span(10, 20)], [other], ["r", "q"])
    assert ([len(part) for part in (found.same, found.new, found.gone)]) == [0, 1, 1]


def test_what_rules_raised_that_are_not_judged_is_not_gone() -> None:
    found = compare([span(10, 20, rule="q")], [], ["r"])
    assert ([len(part) for part in (found.gone, found.left_out)]) == [0, 1]


def written(store: ZarrStore, call: str, day: int) -> ZarrCallWriter:
    started = datetime(2026, 11, day, 23, 59, tzinfo=UTC)
    writer = store.create(CallRecord(call, started, "test", {"name": "compact"}, LABELS, {"customer": FORMAT}))
    writer.append(as_stored(replace(next(heard("customer", 25)), call=call), FORMAT))
    return writer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ZarrStore]:
    """Calls of three days, the last one live."""
    store = opened(tmp_path)
    written(store, "a", 1).finish("finished", {})
    written(store, "b", 2).finish("finished", {})
    written(store, "c", 3).finish("interrupted", {})
    live = written(store, "d", 3)
    yield store
    live.abandon()


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["b"], ["b"]),
        (["2026-11-02"], ["b"]),
        (["2026-11-02..2026-11-03"], ["b", "c"]),
        (["c", "2026-11-01", "c"], ["a", "c"]),
    ],
)
def test_calls_are_chosen_by_id_and_by_day_oldest_first(store: ZarrStore, texts: list[str], expected: list[str]) -> None:
    assert [call.id for call in chosen_calls(store, texts)] == expected


def test_all_are_those_that_are_over(store: ZarrStore) -> None:
    assert [call.id for call in chosen_calls(store, [], everything=True)] == ["a", "b", "c"]


def test_what_is_not_there_is_told(store: ZarrStore) -> None:
    with pytest.raises(NotFoundError, match="call x is not in this store; name calls, days"):
        chosen_calls(store, ["a", "x"])
    with pytest.raises(ConfigError, match="2026-11-31: there is no such day"):
        chosen_calls(store, ["2026-11-31"])
    with pytest.raises(ConfigError, match="2025-01-01: no call that is over"):
        chosen_calls(store, ["2025-01-01"])
