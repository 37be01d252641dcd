"""The live view of `watch`: legs as they are, alerts as they came."""

from rich.console import Console

from monitor.cli.live_table import LATEST_ALERTS, LiveTable
from monitor.messages import message_of

STARTED = {
    "type": "call_started",
    "call": "c1",
    "leg": None,
    "time": 0.0,
    "legs": ["customer", "agent"],
    "metadata": {"queue": "bil[l]ing"},
}
FRAMES = {
    "type": "frames",
    "call": "c1",
    "leg": "customer",
    "time": 61.0,
    "emotion": "angry",
    "speech": [0.2, 0.9],
    "valence": [-0.1, -0.42],
    "arousal": [0.1, 0.55],
}


def alert(number: int, status: str = "raised") -> dict[str, object]:
    about = {"type": "alert", "call": "c1", "leg": "customer", "time": 40.0, "id": f"a{number}", "rule": "customer-angry"}
    return {
        **about,
        "at": 42.5,
        "status": status,
        "severity": "critical",
        "evidence": {},
        "message": f"the [bold]customer[/bold] sounds angry {number}",
    }


def shown(*messages: dict[str, object]) -> str:
    table = LiveTable()
    for message in messages:
        table.take(message_of(message))
    console = Console(width=160, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(table.render())
    return capture.get()


def test_a_leg_is_shown_as_it_is_now() -> None:
    text = shown(STARTED, FRAMES)
    assert all(word in text for word in ("c1", "customer", "1:01.0", "speaks", "angry", "-0.42", "+0.55", "agent", "unknown"))


def test_a_leg_that_may_not_be_analysed_has_no_figures() -> None:
    text = shown(STARTED, {**FRAMES, "leg": "agent", "emotion": "unknown", "valence": [None], "arousal": [None]})
    assert ("+0.00" in text, "agent" in text) == (False, True)


def test_a_call_that_ended_is_gone_and_its_alerts_stay() -> None:
    text = shown(STARTED, alert(1), {"type": "call_ended", "call": "c1"})
    assert ("agent" in text, "sounds angry 1" in text) == (False, True)


def test_an_alert_is_open_then_seen_then_over() -> None:
    seen = {"type": "alert_acknowledged", "call": "c1", "id": "a1", "by": "Kim"}
    texts = [shown(STARTED, alert(1)), shown(STARTED, alert(1), seen), shown(STARTED, alert(1), alert(1, "cleared"))]
    assert ["open" in texts[0], "seen by Kim" in texts[1], "over" in texts[2]] == [True] * 3


def test_an_alert_shows_when_it_was_said_what_it_is_about_and_how_long_ago_that_is() -> None:
    text = shown(STARTED, FRAMES, alert(1))
    assert all(word in text for word in ("0:42.5, about 0:40.0", "18 s"))


def test_a_call_shows_what_is_kept_with_it_and_how_many_alerts_are_open() -> None:
    text = shown(STARTED, alert(1), alert(2), alert(2, "cleared"))
    row = next(line for line in text.splitlines() if "customer" in line)
    assert ("queue=bil[l]ing" in row, row.split("│")[-2].strip()) == (True, "1")


def test_text_of_a_rule_is_shown_as_it_is_written() -> None:
    assert "the [bold]customer[/bold] sounds angry 1" in shown(STARTED, alert(1))


def test_the_latest_alerts_are_kept_and_the_oldest_go() -> None:
    text = shown(STARTED, *(alert(number) for number in range(LATEST_ALERTS + 3)))
    assert (f"angry {LATEST_ALERTS + 2}" in text, "angry 2 " in text) == (True, False)


def test_a_replayed_call_is_not_shown_as_live() -> None:
    assert "c1" not in shown({**STARTED, "replay": "replay-1"})
