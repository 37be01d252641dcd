"""The fold of alerts: one for events and for messages, whether all are wanted or only those that stand."""

from typing import Literal

import pytest

from monitor.alerts.standing import Alerts, alerts_of
from monitor.events import Alert, AlertAcknowledged, CallEnded, Event, StateChanged
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
    assert (span.over, span.acknowledged.by) == (True, "Kim")


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
