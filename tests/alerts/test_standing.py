"""The fold of alerts: one for events and for messages, whether all are wanted or only those that stand."""

from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from monitor.alerts.standing import MAX_PEOPLE, Alerts, alerts_of
from monitor.events import Alert, AlertAcknowledged, AlertAssigned, AlertJudged, AlertSnoozed, CallEnded, Event, StateChanged
from monitor.messages import Message, message_of


def alert(status: Literal["raised", "updated", "cleared"], at: float, number: int = 1, call: str = "c") -> Alert:
    evidence = {} if status == "cleared" else {"angry": at}
    name = f"{call}:r:customer:{number}"
    return Alert(
        call=call, leg="customer", at=at, id=name, rule="r", severity="info", status=status, message="m", evidence=evidence
    )


SEEN = AlertAcknowledged(call="c", id="c:r:customer:1", by="Kim")
OTHER = StateChanged(call="c", leg="agent", emotion="sad", previous="unknown", confidence=1, valence=0, arousal=0)
LIFE = [alert("raised", 1.0), OTHER, alert("updated", 3.0), SEEN, alert("cleared", 5.0)]


def messages(events: list[Event]) -> list[Event | Message]:
    return [message_of(event.as_message()) for event in events]


@pytest.mark.parametrize("said", [LIFE, messages(LIFE)], ids=["events", "messages"])
def test_an_alert_is_what_was_said_of_it_from_its_raising_on(said):
    (span,) = alerts_of(said)
    assert (span.raised.at, span.latest.at, span.cleared_at, span.updates) == (1.0, 5.0, 5.0, 1)
    assert span.evidence == {"angry": 3.0}
    assert (span.over, list(span.acknowledged)) == (True, ["Kim"])


def test_an_alert_stands_until_it_is_cleared():
    stood = []
    alerts = Alerts()
    for said in LIFE:
        alerts.follow(said)
        stood.append(len(alerts.standing()))
    assert stood == [1, 1, 1, 1, 0]
    assert alerts.spans == {}


def test_no_alert_stands_in_a_call_that_is_over():
    alerts = Alerts()
    for said in [alert("raised", 1.0), alert("raised", 2.0, call="d"), CallEnded(call="c", reason="finished", legs={})]:
        alerts.follow(said)
    assert [span.latest.call for span in alerts.standing()] == ["d"]


def test_alerts_are_in_the_order_in_which_they_were_raised():
    said = [alert("raised", 1.0, 1), alert("raised", 2.0, 2), alert("updated", 3.0, 1)]
    assert [span.raised.at for span in alerts_of(said)] == [1.0, 2.0]


def test_taking_note_of_an_alert_that_nobody_knows_is_passed_over():
    assert alerts_of([SEEN]) == []


ID = "c:r:customer:1"


def judged(by: str, right: bool) -> AlertJudged:
    return AlertJudged(call="c", id=ID, by=by, right=right)


@pytest.mark.parametrize("read", [list, messages], ids=["events", "messages"])
def test_an_alert_has_one_state_a_person_and_the_last_word_counts(read: Any):
    said = [
        alert("raised", 1.0),
        SEEN,
        AlertAcknowledged(call="c", id=ID, by="Ana", note="mine", at=2.0),
        AlertAcknowledged(call="c", id=ID, by="Kim", note="again", at=3.0),
        AlertAssigned(call="c", id=ID, by="Kim", to="Ana"),
        AlertSnoozed(call="c", id=ID, by="Ana", until="2026-03-01T14:15:00+00:00", reason="on it"),
        judged("Kim", True),
        judged("Kim", False),
    ]
    (span,) = alerts_of(read(said))
    handled = span.handled(datetime(2026, 3, 1, 14, 0, tzinfo=UTC))
    assert [(one["by"], one["note"], one["at"]) for one in handled["acknowledged"]] == [
        ("Ana", "mine", 2.0),
        ("Kim", "again", 3.0),
    ]
    assert handled["assigned"] == {"to": "Ana", "by": "Kim"}
    assert handled["snoozed"] == {"until": "2026-03-01T14:15:00+00:00", "by": "Ana", "reason": "on it"}
    assert handled["judged"] == [{"by": "Kim", "right": False, "reason": ""}]


def test_a_snooze_that_is_over_is_none_and_what_is_given_to_nobody_is_nobodys():
    said = [
        alert("raised", 1.0),
        AlertSnoozed(call="c", id=ID, by="Ana", until="2026-03-01T14:15:00+00:00"),
        AlertAssigned(call="c", id=ID, by="Kim", to="Ana"),
        AlertAssigned(call="c", id=ID, by="Ana", to=""),
    ]
    (span,) = alerts_of(said)
    handled = span.handled(datetime(2026, 3, 1, 14, 15, tzinfo=UTC))
    assert (handled["snoozed"], handled["assigned"]) == (None, None)


@pytest.mark.parametrize(
    ("votes", "verdict"),
    [([], None), ([True], True), ([True, True, False], True), ([True, False], False), ([False, True], True)],
)
def test_an_alert_was_what_most_say_and_where_they_are_even_what_was_said_last(votes: list[bool], verdict: bool | None):
    (span,) = alerts_of([alert("raised", 1.0), *(judged(f"p{number}", vote) for number, vote in enumerate(votes))])
    assert span.verdict is verdict


def test_an_alert_keeps_what_so_many_people_say_and_no_more():
    said = [AlertAcknowledged(call="c", id=ID, by=f"p{number}") for number in range(MAX_PEOPLE + 5)]
    (span,) = alerts_of([alert("raised", 1.0), *said])
    assert list(span.acknowledged) == [f"p{number}" for number in range(5, MAX_PEOPLE + 5)]
