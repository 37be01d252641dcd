"""The board: all live calls in one message, for as many clients as ask, while any asks."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from monitor.messages import board_message
from monitor.server.board import Board, Look
from monitor.server.subscription import Subscription
from tests.server.service import CALM, LOUD, Service, of_type, receive_until, wait_until
from tests.server.test_rtp_calls import BOTH, sending


def lines(message: dict[str, Any]) -> dict[str, Any]:
    return dict(message.get("calls", {}))


def speaks(line: dict[str, Any]) -> bool:
    """Whether the customer is loud at this moment, and both have spoken at once. On a busy machine a second may be silent."""
    customer = line["legs"]["customer"]
    loud = customer["level"] is not None and customer["level"] > -20
    return loud and customer["emotion"] == "angry" and customer["speech"] > 0 and line["overtalk"] > 0


def test_the_board_tells_of_a_call_that_comes_over_rtp(service: Service) -> None:
    with service.http() as http, service.websocket("board=1") as websocket:
        legs = http.post("/api/v1/calls", json={"call": "c1", "legs": BOTH}).json()["legs"]
        with sending(legs["customer"]["port"], legs["agent"]["port"]):
            board = receive_until(websocket, lambda m: lines(m) and speaks(m["calls"]["c1"]))[-1]
    line = board["calls"]["c1"]
    customer = line["legs"]["customer"]
    assert set(line["legs"]) == {"customer", "agent"}
    assert (customer["lost"], customer["late"]) == (0.0, 0)
    assert customer["level"] <= 0
    assert customer["confidence"] >= 0.6
    assert 0 < customer["talk"] <= line["seconds"]
    assert line["overtalk"] <= line["seconds"]
    assert (board["load"]["calls"], board["load"]["legs"]) == (1, 2)


def test_the_board_counts_the_alerts_that_stand_on_a_call(service: Service) -> None:
    service.call({"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}, "c1")

    def counted(message: dict[str, Any]) -> bool:
        """Whether a board tells of the alerts that stand now, some; others come and go while the call lasts."""
        standing = Counter(alert["severity"] for alert in service.monitor.alerts())
        return bool(standing) and bool(lines(message)) and +Counter(message["calls"]["c1"]["alerts"]) == standing

    with service.websocket("board=1") as websocket:
        board = receive_until(websocket, counted)[-1]
    assert set(board["calls"]["c1"]["alerts"]) == {"critical", "warning", "info"}


def test_who_comes_later_is_told_what_a_live_call_was_like_before(service: Service) -> None:
    call = service.call({"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}, "c1")
    wait_until(lambda: call.seconds >= 11.5)
    told = service.http().get("/api/v1/trends").json()
    customer = told["calls"]["c1"]["customer"]
    last = 12 // int(told["step"]) - 1  # of the levels; the call goes on in silence
    assert customer["emotion"][last] == "angry"
    assert len(customer["emotion"]) == len(customer["valence"]) == len(customer["spoke"]) > last
    assert customer["spoke"][last]


def test_a_board_holds_the_wanted_calls_alone(service: Service) -> None:
    service.call({"customer": [CALM]}, "a")
    service.call({"customer": [CALM]}, "b")
    with service.websocket("board=1&call=b") as some, service.websocket("board=1") as all_of_them:
        wanted = receive_until(some, of_type("board"))[-1]
        whole = receive_until(all_of_them, of_type("board"))[-1]
    assert (list(wanted["calls"]), sorted(whole["calls"]), wanted["load"]["calls"]) == (["b"], ["a", "b"], 2)


def test_a_board_is_made_into_text_once_for_all_who_want_the_same() -> None:
    board = board_message({"type": "board", "at": "", "calls": {"a": {}, "b": {}}, "load": {}})
    one, other = Subscription(board=True, calls=frozenset("a")), Subscription(board=True, calls=frozenset("a"))
    assert one.wanted_of(board) is other.wanted_of(board)
    assert board.websocket_frame is board.websocket_frame
    assert Subscription(board=True).wanted_of(board) is board


def test_a_call_that_is_over_leaves_the_board_and_one_that_was_never_heard_is_on_it(service: Service) -> None:
    board = Board(service.monitor, hub=None)  # type: ignore[arg-type]
    before = board.look()
    service.finished_call("over", {"customer": [CALM]})
    service.http().post("/api/v1/calls", json={"call": "quiet", "legs": BOTH}).raise_for_status()
    message, _ = board.make(before)
    (line,) = message.as_message()["calls"].values()
    leg = {key: line["legs"]["agent"][key] for key in ("emotion", "talk", "lost", "overflow", "backlog")}
    assert leg == {"emotion": "unknown", "talk": 0.0, "lost": None, "overflow": 0.0, "backlog": 0.0}


@pytest.mark.parametrize(("late", "given_up", "overload"), [(0, 0, False), (1, 0, True), (0, 1, True)])
def test_overload_is_what_came_late_or_was_given_up_since_the_last_board(
    shared: Service, late: int, given_up: int, overload: bool
) -> None:
    board = Board(shared.monitor, hub=None)  # type: ignore[arg-type]
    now = board.look()
    before = replace(now.status, late=now.status.late - late, given_up=now.status.given_up - given_up)
    message, _ = board.make(Look(now.at - 1, before))
    load = message.as_message()["load"]
    assert (load["overload"], load["busy"]) == (overload, 0.0)
