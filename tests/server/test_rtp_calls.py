"""A call over RTP by the REST interface: ports opened, audio taken, ended, stored."""

import itertools
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from monitor.config.sections import RtpSection
from monitor.pipeline.descriptors import SOCKETS, Descriptors
from tests.server.conftest import StartService
from tests.server.service import Service, of_type, receive, receive_until, wait_until

LOUD_MU_LAW = (bytes([0x80]) * 8 + bytes([0x00]) * 8) * 10
"""20 ms of a loud tone of 500 Hz."""
BOTH = {"customer": {"codec": "PCMU"}, "agent": {"codec": "PCMU"}}
SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0 101\r\n"


@contextmanager
def sending(*ports: int) -> Iterator[None]:
    """Send RTP to each port, 20 ms a packet, until the end of the block."""
    enough = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for number in itertools.count():
                for port in ports:
                    out.sendto(struct.pack("!BBHII", 0x80, 0, number, number * 160, port) + LOUD_MU_LAW, ("127.0.0.1", port))
                if enough.wait(0.02):
                    return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def test_a_call_is_opened_sent_ended_and_stored(service: Service) -> None:
    with service.websocket("frames=1") as websocket, service.http() as http:
        answer = http.post("/api/v1/calls", json={"call": "c1", "legs": BOTH, "metadata": {"queue": "billing"}})
        legs = answer.json()["legs"]
        with sending(legs["customer"]["port"], legs["agent"]["port"]):
            receive_until(websocket, lambda message: message["type"] == "frames" and message["emotion"] == "angry")
            assert http.delete("/api/v1/calls/c1").status_code == 202
        ended = receive_until(websocket, of_type("call_ended"))[-1]
    assert (answer.status_code, legs["agent"]["address"]) == (201, "127.0.0.1")
    assert ended["reason"] == "stopped"
    assert (ended["legs"]["customer"]["codec"].lower(), ended["legs"]["customer"]["packets"] > 10) == ("pcmu", True)
    assert service.monitor.store.open("c1").record.metadata == {"queue": "billing"}


def test_a_call_may_be_described_by_sdp(service: Service) -> None:
    answer = service.http().post("/api/v1/calls", json={"legs": {"customer": {}, "agent": {}}, "sdp": SDP})
    assert answer.status_code == 201
    assert set(answer.json()["legs"]) == {"customer", "agent"}


def test_a_call_without_packets_ends_by_itself(start_service: StartService) -> None:
    service = start_service(rtp=RtpSection(inactivity=0.3))
    with service.websocket() as websocket:
        receive(websocket)
        service.http().post("/api/v1/calls", json={"legs": BOTH}).raise_for_status()
        ended = receive_until(websocket, of_type("call_ended"))[-1]
    assert ended["reason"] == "inactive"


@pytest.mark.parametrize("sdp", ["v=0", "v=0\r\nm=audio 0 RTP/AVP 0", "v=0\r\nm=audio 5004 RTP/SAVP 0"])
def test_sdp_that_describes_no_call_is_refused_with_the_reason(shared: Service, sdp: str) -> None:
    answer = shared.http().post("/api/v1/calls", json={"sdp": sdp})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "source")
    assert "SDP" in answer.json()["error"]["message"]


@pytest.mark.parametrize("legs", [{"customer": {}, "mixed": {}}, {"customer": {"codec": "mp3"}}, {"customer": {"peer": "x"}}])
def test_legs_that_cannot_be_are_refused_with_the_reason(shared: Service, legs: dict[str, object]) -> None:
    answer = shared.http().post("/api/v1/calls", json={"legs": legs})
    assert answer.status_code == 422
    assert "\n" not in answer.json()["error"]["message"]


def test_a_call_whose_id_is_taken_is_refused_and_its_ports_are_free_again(start_service: StartService) -> None:
    ports = range(31_500, 31_600)  # no other test's
    service = start_service(rtp=RtpSection(port_low=ports[0], port_high=ports[-1]))
    first = service.http().post("/api/v1/calls", json={"call": "c1", "legs": BOTH}).json()
    port = next(port for port in ports[::2] if port not in {leg["port"] for leg in first["legs"].values()})
    body = {"call": "c1", "legs": {"customer": {"port": port}}}
    answer = service.http().post("/api/v1/calls", json=body)
    again = service.http().post("/api/v1/calls", json={**body, "call": "c2"})
    assert "c1" in answer.json()["error"]["message"]
    assert answer.is_client_error or answer.is_server_error
    assert again.status_code == 201


def test_a_port_that_is_not_of_the_configured_range_is_refused(start_service: StartService) -> None:
    service = start_service(rtp=RtpSection(port_low=31_300, port_high=31_399))
    answer = service.http().post("/api/v1/calls", json={"legs": {"customer": {"port": 5_432}}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "config")
    assert "31300 to 31399" in answer.json()["error"]["message"]


def test_where_all_ports_are_taken_no_further_call_is_taken_now(start_service: StartService) -> None:
    service = start_service(rtp=RtpSection(port_low=31_400, port_high=31_402))
    with service.http() as http:
        assert http.post("/api/v1/calls", json={"legs": {"customer": {}}}).status_code == 201
        answer = http.post("/api/v1/calls", json={"legs": {"customer": {}}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")


def test_more_calls_than_allowed_are_refused(start_service: StartService) -> None:
    service = start_service(max_calls=1)
    with service.http() as http:
        assert http.post("/api/v1/calls", json={"legs": BOTH}).status_code == 201
        answer = http.post("/api/v1/calls", json={"legs": BOTH})
    assert answer.status_code == 503
    assert "max_calls" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("audio", "counted"), [("none", SOCKETS), ("flac", SOCKETS + 2)])
def test_a_call_keeps_no_more_descriptors_than_are_counted_for_it(
    audio: str, counted: int, start_service: StartService
) -> None:
    service = start_service(audio=audio)
    store = service.monitor.store
    with service.http() as http:
        started = [http.post("/api/v1/calls", json={"legs": BOTH}).json() for _ in range(2)]
        before = Descriptors.now(store).open
        started += [http.post("/api/v1/calls", json={"legs": BOTH}).json() for _ in range(8)]
        ports = [leg["port"] for call in started for leg in call["legs"].values()]
        with service.websocket("frames=1") as websocket, sending(*ports):
            receive_until(websocket, of_type("frames"))
        wait_until(lambda: Descriptors.now(store).open - before <= 8 * counted)  # what is open for a moment is closed again
    assert Descriptors.now(store).per_call == counted


def test_without_room_for_its_descriptors_a_call_is_refused_and_the_service_is_not_ready(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with service.http() as http:
        monkeypatch.setattr(Descriptors, "now", lambda _: Descriptors(1_020, 1_024, SOCKETS + 1))
        refused = http.post("/api/v1/calls", json={"legs": BOTH})
        ready = http.get("/health/ready")
    assert (refused.status_code, "1020 of 1024 file descriptors" in refused.json()["error"]["message"]) == (503, True)
    assert (ready.status_code, ready.json()["checks"]["descriptors"]) == (503, False)


def test_packets_of_a_leg_that_nobody_has_sent_to_are_counted_under_no_codec(service: Service) -> None:
    with service.http() as http:
        http.post("/api/v1/calls", json={"legs": BOTH})
        text = http.get("/metrics").text
    assert 'emotion_monitor_rtp_packets_lost_total{codec="unknown",leg="agent"} 0.0' in text
