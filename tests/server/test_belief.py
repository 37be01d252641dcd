"""What was believed of a stored leg is what the live connection said."""

from typing import Any

from monitor.config.sections import PrivacySection
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, Service, of_type, receive, receive_until

LEVELS = {"customer": [CALM] * 3 + [0.0] + [LOUD] * 3, "agent": [0.0] * 3 + [CALM] * 4}
SECONDS, RATE = 7, 10
VALUES = ("posterior", "valence", "arousal")


def test_it_is_what_live_frames_said_to_the_digit(service: Service) -> None:
    with service.websocket("frames=1") as websocket:
        receive(websocket)
        service.finished_call("c1", LEVELS)
        live: list[dict[str, Any]] = []
        while sum(len(message["valence"]) for message in live) < SECONDS * RATE:  # the last may come after `call_ended`
            message = receive_until(websocket, of_type("frames"))[-1]
            live += [message] * (message["leg"] == "customer")
    stored = service.http().get("/api/v1/calls/c1/belief?leg=customer").json()
    assert (stored["time"], stored["rate"], stored["seconds"]) == (0.0, RATE, SECONDS)
    assert stored["valence"] == [value for message in live for value in message["valence"]]
    assert stored["posterior"] == {
        label: [value for message in live for value in message["posterior"][label]] for label in stored["posterior"]
    }


def test_a_stretch_of_it_is_that_of_the_whole(service: Service) -> None:
    service.finished_call("c1", LEVELS)
    with service.http() as http:
        stretch = http.get("/api/v1/calls/c1/belief?leg=customer&from=2.5&to=5").json()
        whole = http.get("/api/v1/calls/c1/belief?leg=customer").json()
        beyond = http.get("/api/v1/calls/c1/belief?leg=customer&from=99").json()
    assert (stretch["time"], stretch["arousal"]) == (2.5, whole["arousal"][25:50])
    assert beyond["arousal"] == []


def test_of_a_leg_that_may_not_be_analysed_nothing_is_believed(start_service: StartService) -> None:
    service = start_service(privacy=PrivacySection(subjects=("customer",)))
    service.finished_call("c1", LEVELS)
    answer = service.http().get("/api/v1/calls/c1/belief?leg=agent").json()
    assert [answer[key] for key in VALUES] == [{}, [], []]


def test_a_leg_that_is_not_there_and_a_stretch_that_ends_before_it_begins_are_refused(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM]})
    with service.http() as http:
        assert http.get("/api/v1/calls/c1/belief?leg=agent").status_code == 404
        assert http.get("/api/v1/calls/c1/belief?leg=customer&from=2&to=1").status_code == 422
