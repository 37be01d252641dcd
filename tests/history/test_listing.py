"""What is asked of the history, and what it tells."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.errors import ConfigError
from monitor.history.account import CallAccount, Recovery
from monitor.history.conditions import AlertFilter, CallFilter, moment, where_of
from monitor.history.history import History
from monitor.history.insights import check_by, insights, zone_of
from monitor.history.listing import Page, list_alerts, list_calls
from monitor.messages import message_of
from tests.history.population import STARTED, population, state
from tests.store.zarr_folder import store_at

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    folder: Path = tmp_path_factory.mktemp("store")
    store = store_at(folder)
    population(store)
    known = History(store)
    assert known.catch_up(60.0)
    return known


def calls(history: History, page: Page | None = None, **wanted: Any) -> list[str]:
    found = history.read(lambda database: list_calls(database, CallFilter(**wanted), page or Page()))
    assert found["total"] >= len(found["calls"])
    return [line["call"] for line in found["calls"]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["silent", "agent", "angry", "calm"]),
        ({"status": "complete"}, ["silent", "agent", "angry", "calm"]),
        ({"status": "live"}, []),
        ({"begin": STARTED + timedelta(days=1)}, ["silent", "agent"]),
        ({"begin": STARTED + timedelta(hours=1), "end": STARTED + timedelta(days=1)}, ["angry"]),
        ({"where": where_of(["queue:billing"])}, ["angry", "calm"]),
        ({"where": where_of(["queue:billing", "queue:sales"])}, ["agent", "angry", "calm"]),
        ({"where": where_of(["queue:billing", "team:north"])}, ["calm"]),
        ({"where": where_of(["vip:true"])}, ["calm"]),
        ({"where": where_of(["queue:bill"])}, []),
        ({"words": "BILL north"}, ["calm"]),
        ({"words": "100%"}, []),
        ({"emotion": "angry"}, ["agent", "angry"]),
        ({"emotion": "angry", "leg": "customer"}, ["angry"]),
        ({"emotion": "angry", "share_min": 0.5}, ["agent"]),
        ({"emotion": "angry", "where": where_of(["queue:billing"])}, ["angry"]),
        ({"emotion": "angry", "where": where_of(["queue:billing"]), "status": "live"}, []),
        ({"emotion": "neutral", "leg": "customer", "where": where_of(["queue:billing"]), "words": "north"}, ["calm"]),
        ({"severity": "critical"}, ["angry"]),
        ({"severity": "critical", "alerts_min": 2}, []),
        ({"alerts_min": 2}, ["angry"]),
        ({"alerts_min": 0}, ["silent", "agent", "angry", "calm"]),
    ],
)
def test_calls_are_found_by_what_they_came_to(wanted: dict[str, Any], found: list[str], history: History) -> None:
    assert calls(history, **wanted) == found


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("started_at", ["calm", "angry", "agent", "silent"]),
        ("call", ["agent", "angry", "calm", "silent"]),
        ("-alerts", ["angry", "agent", "silent", "calm"]),
    ],
)
def test_calls_are_sorted(sort: str, found: list[str], history: History) -> None:
    assert calls(history, Page(sort=sort)) == found


def test_the_angriest_come_first(history: History) -> None:
    assert calls(history, Page(sort="-share"), emotion="angry") == ["agent", "angry"]
    assert calls(history, Page(sort="share"), emotion="neutral", leg="customer") == ["angry", "calm"]


def test_pages_follow_each_other_and_the_total_is_of_all(history: History) -> None:
    pages = [
        history.read(lambda database, offset=offset: list_calls(database, CallFilter(), Page(limit=3, offset=offset)))  # type: ignore[misc]
        for offset in (0, 3, 6)
    ]

    assert [[line["call"] for line in page["calls"]] for page in pages] == [["silent", "agent", "angry"], ["calm"], []]
    assert [page["total"] for page in pages] == [4, 4, 4]


def test_a_line_tells_what_the_call_came_to(history: History) -> None:
    found = history.read(lambda database: list_calls(database, CallFilter(words="south"), Page()))

    (line,) = found["calls"]
    assert {key: line[key] for key in ("alerts", "shares", "judged", "notes", "metadata")} == {
        "alerts": {"critical": 1, "warning": 1, "info": 0},
        "shares": {"customer": {"neutral": 0.6, "angry": 0.3, "sad": 0.1}},
        "judged": {"right": 1, "wrong": 0},
        "notes": 0,
        "metadata": {"queue": "billing", "team": "south"},
    }
    assert found["facets"] == {"queue": {"billing": 1}, "team": {"south": 1}}


def test_facets_of_all_calls_are_counted(history: History) -> None:
    found = history.read(lambda database: list_calls(database, CallFilter(), Page(limit=1)))

    assert found["facets"]["queue"] == {"billing": 2, "sales": 1}
    assert found["facets"]["vip"] == {"true": 1}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["agent:angry:1", "angry:shouting:2", "angry:angry:1"]),
        ({"call": "angry"}, ["angry:shouting:2", "angry:angry:1"]),
        ({"rule": "angry"}, ["agent:angry:1", "angry:angry:1"]),
        ({"severity": "critical"}, ["angry:shouting:2"]),
        ({"leg": "agent"}, ["agent:angry:1"]),
        ({"where": where_of(["queue:sales"])}, ["agent:angry:1"]),
        ({"judged": "right"}, ["angry:angry:1"]),
        ({"judged": "wrong"}, ["agent:angry:1"]),
        ({"judged": "unjudged"}, ["angry:shouting:2"]),
        ({"acknowledged": True}, []),
        ({"end": datetime(2026, 1, 1, tzinfo=UTC)}, []),
    ],
)
def test_alerts_are_found(wanted: dict[str, Any], found: list[str], history: History) -> None:
    listed = history.read(lambda database: list_alerts(database, AlertFilter(**wanted), 100, 0))

    assert [one["id"] for one in listed["alerts"]] == found
    assert listed["total"] == len(found)


def test_an_alert_tells_how_long_it_stood_and_what_people_did(history: History) -> None:
    (one,) = history.read(lambda database: list_alerts(database, AlertFilter(judged="right"), 1, 0))["alerts"]

    assert {key: one[key] for key in ("at", "cleared_at", "seconds", "metadata", "acknowledged", "assigned")} == {
        "at": 25.0,
        "cleared_at": 55.0,
        "seconds": 30.0,
        "metadata": {"queue": "billing", "team": "south"},
        "acknowledged": [],
        "assigned": None,
    }
    assert one["judged"] == [{"by": "Ada", "right": True, "reason": ""}]
    assert datetime.fromisoformat(one["raised_at"]).tzinfo is not None


def told(history: History, by: str, zone: Any = UTC, **wanted: Any) -> dict[str, Any]:
    return history.read(lambda database: insights(database, CallFilter(**wanted), by, zone))


def test_insights_by_metadata_sum_up_what_calls_came_to(history: History) -> None:
    found = told(history, "queue")

    billing, sales = found["groups"]
    assert billing == {
        "key": "billing",
        "calls": 2,
        "seconds": 0.0,
        "calls_with_alert": 1,
        "alerts": {"critical": 1, "warning": 1, "info": 0},
        "shares": {"customer": {"neutral": 0.7333, "angry": 0.2, "sad": 0.0667}},
        "recovery_seconds": {"median": 40.0, "n": 1, "not_recovered": 0},
    }
    assert (sales["key"], sales["recovery_seconds"]) == ("sales", {"median": None, "n": 0, "not_recovered": 1})
    assert found["rules"] == [
        {"rule": "angry", "alerts": 2, "judged": 2, "right": 1, "wrong": 1, "precision": 0.5},
        {"rule": "shouting", "alerts": 1, "judged": 0, "right": 0, "wrong": 0, "precision": None},
    ]


@pytest.mark.parametrize(
    ("by", "zone", "keys"),
    [
        ("day", "UTC", {"2026-03-01": 2, "2026-03-02": 2}),
        ("day", "Pacific/Kiritimati", {"2026-03-01": 1, "2026-03-02": 2, "2026-03-03": 1}),
        ("hour", "UTC", {"09": 2, "10": 2}),
        ("hour", "Asia/Kolkata", {"15": 2, "16": 2}),
        ("weekday", "UTC", {"7": 2, "1": 2}),
    ],
)
def test_insights_by_time_are_of_the_viewers_zone(by: str, zone: str, keys: dict[str, int], history: History) -> None:
    found = {group["key"]: group["calls"] for group in told(history, by, ZoneInfo(zone))["groups"]}

    assert found == keys


def test_summer_time_counts_by_the_clock_on_the_wall() -> None:
    berlin = zone_of("Europe/Berlin")
    assert [moment(text, berlin).astimezone(UTC).hour for text in ("2026-03-28T09:00", "2026-03-30T09:00")] == [8, 7]


@pytest.mark.parametrize("key", ["agent", "agent_id", "AgentName", "operator", "staff-no", "user id"])
@pytest.mark.parametrize("asked", ["by", "where"])
def test_nothing_is_told_by_agent_where_the_agent_is_not_analysed(key: str, asked: str) -> None:
    by, wanted = (key, CallFilter()) if asked == "by" else ("queue", CallFilter(where={key: ("Kim",)}))

    with pytest.raises(ConfigError, match="insights are not told by agent where"):
        check_by(by, wanted, agents_may=False)
    check_by(by, wanted, agents_may=True)


@pytest.mark.parametrize("key", ["queue", "agency", "language", "reply", "hour"])
def test_other_keys_are_told(key: str) -> None:
    check_by(key, CallFilter(), agents_may=False)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: where_of(["billing"]), "where: 'billing' is not KEY:VALUE"),
        (lambda: moment("yesterday"), "not a day or a moment: 'yesterday'"),
        (lambda: CallFilter(share_min=0.5), "share_min: name the emotion"),
        (lambda: zone_of("Mars/Olympus"), "no time zone 'Mars/Olympus'"),
        (lambda: zone_of("../etc/passwd"), "no time zone"),
        (lambda: check_by("", CallFilter(), agents_may=True), "by: hour, day, weekday"),
    ],
)
def test_what_cannot_be_asked_says_what_can(act: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        act()


@pytest.mark.parametrize(("sort", "message"), [("mood", "sort: no 'mood'; by started_at"), ("share", "sort: name the emotion")])
def test_an_order_that_there_is_not_says_so(sort: str, message: str, history: History) -> None:
    with pytest.raises(ConfigError, match=message):
        calls(history, Page(sort=sort))


@pytest.mark.parametrize(
    ("states", "recoveries"),
    [
        ([(5, "neutral")], []),
        ([(5, "angry")], [Recovery(5)]),
        ([(5, "angry"), (9, "neutral")], [Recovery(5, 4)]),
        ([(5, "angry"), (9, "unknown"), (12, "sad"), (15, "happy")], [Recovery(5, 10)]),
        ([(5, "angry"), (9, "sad"), (12, "angry"), (15, "neutral")], [Recovery(5, 10)]),
        ([(5, "angry"), (9, "neutral"), (12, "angry")], [Recovery(5, 4), Recovery(12)]),
    ],
)
def test_who_was_angry_has_recovered_with_the_first_state_without_trouble(
    states: list[tuple[float, str]], recoveries: list[Recovery]
) -> None:
    messages = [{"seq": seq, **state("c", time, label).as_message()} for seq, (time, label) in enumerate(states, start=1)]

    account = CallAccount.of(message_of(message) for message in messages)  # type: ignore[misc]

    assert account.beliefs["customer"].recoveries == recoveries
