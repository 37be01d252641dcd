"""Events as lines for people."""

from pathlib import Path

from monitor.events import Alert, CallEnded, ChangePoint, Event
from monitor.frame_format import LegFormat
from monitor.messages import message_of
from monitor.replay.player import replay_events
from monitor.server.event_line import event_line
from tests.replay.moody_call import DIM, LABELS, begun, live_events, opened


def line(event: Event) -> str:
    return event_line(message_of(event.as_message())) or ""


def alert(time: float, at: float, message: str = "customer sounds angry") -> Alert:
    about = {"call": "c", "leg": "customer", "id": "a", "rule": "r", "severity": "critical", "status": "raised"}
    return Alert(**about, time=time, at=at, message=message)  # type: ignore[arg-type]


def test_a_line_begins_with_when_it_was_said_and_names_what_it_is_about_where_that_is_longer_ago() -> None:
    assert line(alert(61.4, 63.4)).startswith("  1:03.4  customer")
    assert line(alert(61.4, 63.4)).endswith(", about 1:01.4")
    assert "about" not in line(alert(61.4, 61.6))


def test_lines_of_a_call_follow_one_another(tmp_path: Path) -> None:
    format_ = LegFormat(DIM, len(LABELS))
    writer = begun(opened(tmp_path), format_)
    live_events(writer, format_)
    writer.finish("finished", {})
    events = list(replay_events(opened(tmp_path).open("call-1")))
    clocks = [line(event)[:8] for event in events if line(event)]
    assert {type(event) for event in events} >= {Alert, ChangePoint}
    assert clocks == sorted(clocks)


def test_text_of_a_rule_is_no_markup() -> None:
    assert r"\[bold]" in line(alert(1.0, 1.0, "[bold]loud"))


def test_why_a_call_ended_is_told_in_words() -> None:
    assert "no audio came any more" in line(CallEnded(call="c", time=9.0, at=9.0, reason="inactive", legs={}))
