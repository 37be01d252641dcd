"""A service that may open few files takes as many calls as it has room for, and none suffers from the one refused."""

from collections.abc import Callable

from tests.end_to_end.conftest import ServeProcess

LEGS = {"legs": {"customer": {"codec": "pcmu"}, "agent": {"codec": "pcmu"}}}


def test_calls_beyond_the_descriptors_are_refused_and_those_before_are_stored(
    serve: Callable[..., ServeProcess], ffmpeg_sender: Callable[..., object], lasting: tuple[str, str]
) -> None:
    service = serve("--workers", "1", *lasting, descriptors=200)
    call, ports = service.start_call()
    taken = 0
    for _ in range(200):  # a connection that is just being closed may be what a call wants for
        refused = service.ask("POST", "/api/v1/calls", json=LEGS)
        ready = service.ask("GET", "/health/ready")
        taken += refused.status_code == 201
        if (refused.status_code, ready.status_code) == (503, 503):
            break
    ffmpeg_sender(ports["customer"], ports["agent"], 5)
    service.wait_for_frames(call, 100)
    ended = service.end_call(call)
    assert (refused.status_code, "of 200 file descriptors are in use" in refused.json()["error"]["message"]) == (503, True)
    assert (ready.status_code, ready.json()["checks"]["descriptors"]) == (503, False)
    assert (taken >= 3, ended["reason"]) == (True, "stopped")
    assert "descriptors_limit_calls" in service.log.read_text()
