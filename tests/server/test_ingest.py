"""A call that comes over `/ws/v1/ingest`: heard as if it were read from a file, and no worry to anybody else."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from jsonschema import Draft202012Validator
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from monitor.config.sections import IncomingSection, PrivacySection
from monitor.conformance.stored_calls import assert_same_frames
from monitor.sources.registry import open_source
from tests.server.conftest import StartService
from tests.server.service import PATIENCE, TOKEN, Service, of_type, receive, receive_until, wait_until

HELLO = {"type": "hello", "call": "c1", "legs": ["customer", "agent"], "rate": 8_000}
SECONDS = 2.5
PASS = {"Authorization": f"Bearer {TOKEN}"}


@contextmanager
def ingest(service: Service, *said: Any, **options: Any) -> Iterator[ClientConnection]:
    """A connection, and the first messages on it."""
    with connect(service.url.replace("http", "ws") + "/ws/v1/ingest", open_timeout=PATIENCE, **options) as websocket:
        for message in said:
            websocket.send(message if isinstance(message, str | bytes) else json.dumps(message))
        yield websocket


def voices(rate: int) -> np.ndarray:
    """Two legs that are nowhere the same, shape (n, 2), 16 bits."""
    noise = np.random.default_rng(5).uniform(-1, 1, (int(SECONDS * rate), 2))
    loud = 0.5 + 0.4 * np.sin(np.arange(len(noise)) / rate * np.array([[2.0], [3.1]])).T
    return (noise * loud * 32_767).astype("<i2")


def coded(samples: np.ndarray, rate: int, subtype: str) -> bytes:
    raw = io.BytesIO()
    soundfile.write(raw, samples, rate, format="RAW", subtype=subtype, endian="LITTLE")
    return raw.getvalue()


def closed(websocket: ClientConnection) -> tuple[int, str]:
    """Code and reason with which the server closes; what it says before is read over."""
    with pytest.raises(ConnectionClosed) as error:
        receive_until(websocket, of_type("never"))
    assert error.value.rcvd is not None
    return error.value.rcvd.code, error.value.rcvd.reason


@pytest.mark.parametrize(
    ("encoding", "subtype", "rate"),
    [("s16le", "PCM_16", 8_000), ("s16le", "PCM_16", 48_000), ("mulaw", "ULAW", 8_000), ("alaw", "ALAW", 8_000)],
)
def test_what_is_sent_gives_bit_for_bit_the_frames_of_the_same_file(
    encoding: str, subtype: str, rate: int, service: Service, tmp_path: Path
) -> None:
    samples = voices(rate)
    soundfile.write(tmp_path / "call.wav", samples, rate, subtype=subtype)
    source = open_source("file", {"path": tmp_path / "call.wav"}, service.settings)
    service.monitor.start_call(source, call_id="file").wait(PATIENCE)
    legs = [coded(samples[:, place], rate, subtype) for place in (0, 1)]
    size = len(legs[0]) // 125

    with ingest(service, {**HELLO, "rate": rate, "encoding": encoding}) as websocket:
        for start in range(0, len(legs[0]), size):
            websocket.send(b"\x00" + legs[0][start : start + size])
            websocket.send(b"\x01" + legs[1][start : start + size])
        websocket.send('{"type": "end"}')
        ended = receive_until(websocket, of_type("ended"))[-1]

    sent, file = service.monitor.store.open("c1"), service.monitor.store.open("file")
    assert (ended["reason"], sent.status, sent.committed("customer")) == ("finished", "complete", file.committed("customer"))
    assert_same_frames(sent.read("customer"), replace(file.read("customer"), call="c1"))
    assert_same_frames(sent.read("agent"), replace(file.read("agent"), call="c1"))


def test_the_call_has_the_id_legs_and_metadata_that_the_hello_tells(service: Service) -> None:
    with ingest(service, {**HELLO, "metadata": {"queue": "billing"}}) as websocket:
        started = receive(websocket)
        detail = service.http().get("/api/v1/calls/c1").json()
    assert started == {"type": "started", "call": "c1"}
    assert (set(detail["legs"]), detail["metadata"], detail["status"]) == ({"customer", "agent"}, {"queue": "billing"}, "live")


def test_a_call_without_an_id_is_given_one(service: Service) -> None:
    with ingest(service, {"type": "hello", "legs": ["customer"], "rate": 16_000}) as websocket:
        call = receive(websocket)["call"]
        assert [live.id for live in service.monitor.calls()] == [call]


def test_a_connection_that_is_lost_ends_its_call_as_interrupted(service: Service) -> None:
    with service.websocket() as events, ingest(service, HELLO, b"\x00" + bytes(8_000)) as websocket:
        receive(websocket)
        websocket.close()
        ended = receive_until(events, of_type("call_ended"))[-1]
    assert (ended["reason"], ended["legs"]["customer"]["seconds"]) == ("interrupted", 0.5)


def test_a_call_may_be_ended_from_outside_and_its_sender_is_told(service: Service) -> None:
    with ingest(service, HELLO, b"\x00" + bytes(1_600)) as websocket:
        receive(websocket)
        service.http().delete("/api/v1/calls/c1").raise_for_status()
        ended = receive_until(websocket, of_type("ended"))[-1]
        assert closed(websocket) == (1000, "stopped")
    assert ended == {"type": "ended", "call": "c1", "reason": "stopped"}


def test_a_server_that_stops_stores_the_call_and_tells_its_sender(service: Service) -> None:
    with ingest(service, HELLO, b"\x00" + bytes(1_600)) as websocket:
        receive(websocket)
        service.begin_stop()
        assert receive_until(websocket, of_type("ended"))[-1]["reason"] == "shutdown"
        assert closed(websocket)[0] == 1001


def test_a_sender_that_says_nothing_any_more_is_told_that_its_call_is_over(start_service: StartService) -> None:
    service = start_service(incoming=IncomingSection(inactivity=0.2))
    with ingest(service, HELLO) as websocket:
        assert receive_until(websocket, of_type("ended"))[-1]["reason"] == "inactive"


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (b"\x00\x01\x02", "the first message is a hello"),
        ("", "message: invalid JSON"),
        ({"type": "end"}, "the first message is a hello"),
        ({"type": "hello", "legs": ["customer"]}, "hello.rate: field required"),
        ({**HELLO, "rate": 7_999}, "rate: input should be greater than or equal to 8000"),
        ({**HELLO, "rate": 48_001}, "rate: input should be less than or equal to 48000"),
        ({**HELLO, "encoding": "mp3"}, "encoding: input should be 's16le'"),
        ({**HELLO, "legs": []}, "legs: list should have at least 1 item"),
        ({**HELLO, "legs": ["customer", "customer"]}, "legs: a call has the legs customer and agent"),
        ({**HELLO, "legs": ["customer", "mixed"]}, "legs: a call has the legs customer and agent"),
        ({**HELLO, "call": "../etc"}, "not a call id"),
        ({**HELLO, "channels": 2}, "channels: extra inputs are not permitted"),
        (json.dumps({**HELLO, "metadata": {"score": float("nan")}}), "metadata: must be JSON"),
    ],
)
def test_a_call_that_cannot_be_is_refused_with_what_is_wrong(first: Any, reason: str, shared: Service) -> None:
    with ingest(shared, first) as websocket:
        error = receive(websocket)
        code, _ = closed(websocket)
    assert (error["type"], error["code"], code) == ("error", "config", 1008)
    assert reason in error["message"]


def test_who_says_no_hello_in_time_is_told_so(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.server.incoming.HELLO_WITHIN", 0.1)
    with ingest(service) as websocket:
        error = receive(websocket)
        assert closed(websocket)[0] == 1008
    assert "nothing said within 0.1 s" in error["message"]


def test_an_id_that_is_taken_is_refused(shared: Service) -> None:
    with ingest(shared, {**HELLO, "call": "stored"}) as websocket:
        error = receive(websocket)
        code, _ = closed(websocket)
    assert (error["code"], code) == ("taken", 1008)


def test_more_calls_than_allowed_are_told_to_come_again(start_service: StartService) -> None:
    service = start_service(max_calls=1)
    with ingest(service, HELLO) as first:
        receive(first)
        with ingest(service, {**HELLO, "call": "c2"}) as second:
            error = receive(second)
            assert closed(second)[0] == 1013
    assert (error["code"], "max_calls" in error["message"]) == ("busy", True)


def test_where_a_mixed_source_is_refused_it_is_refused_here(start_service: StartService) -> None:
    service = start_service(privacy=PrivacySection(subjects=("customer",), refuse_mixed=True))
    with ingest(service, {"type": "hello", "legs": ["mixed"], "rate": 8_000}) as websocket:
        error = receive(websocket)
        assert closed(websocket)[0] == 1008
    assert "privacy.refuse_mixed" in error["message"]
    assert service.monitor.calls() == []


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("nonsense", "message: invalid JSON"),
        (b"", "a byte that says which leg"),
        (b"\x02\x00\x00", "0 is customer, 1 is agent"),
        (b"\x00\x00", "whole samples of 2 bytes"),
        (b"\x00" + bytes(16_002), "at most a second"),
        ({"type": "position", "leg": "mixed", "time": 1}, "leg mixed is not of this call"),
        ({"type": "position", "leg": "agent", "time": 1e5}, "cannot go on at 100000 s"),
        (HELLO, "this call has begun"),
    ],
)
def test_a_message_that_makes_no_sense_is_answered_and_the_call_goes_on(
    message: Any, reason: str, start_service: StartService
) -> None:
    service = start_service()
    with ingest(service, HELLO, message, {"type": "ping"}) as websocket:
        started, error, pong = receive(websocket), receive(websocket), receive(websocket)
    assert (started["type"], error["type"], pong["type"]) == ("started", "error", "pong")
    assert reason in error["message"]


def test_a_sender_that_only_says_nonsense_is_shown_the_door_and_others_hear_nothing_of_it(service: Service) -> None:
    with ingest(service, {**HELLO, "call": "c2"}) as other, ingest(service, HELLO, *["nonsense"] * 5) as websocket:
        receive(other)
        assert closed(websocket)[0] == 1008
        other.send('{"type": "ping"}')
        assert receive(other)["type"] == "pong"
        wait_until(lambda: [call.id for call in service.monitor.calls()] == ["c2"])
    assert service.monitor.store.open("c1").reason == "interrupted"


def test_a_message_that_is_too_large_ends_the_connection(shared: Service) -> None:
    with ingest(shared, {**HELLO, "call": "large", "rate": 48_000}, b"\x00" + bytes(20_000)) as websocket:
        assert closed(websocket)[0] == 1009


def test_who_may_not_speak_to_the_server_may_not_send_it_calls(start_service: StartService) -> None:
    service = start_service(token=TOKEN)
    with pytest.raises(InvalidStatus) as stranger, ingest(service):
        pass
    with pytest.raises(InvalidStatus) as page, ingest(service, origin="https://evil.example", additional_headers=PASS):  # type: ignore[arg-type]
        pass
    with ingest(service, HELLO, additional_headers=PASS) as websocket:
        assert receive(websocket)["type"] == "started"
    assert (stranger.value.response.status_code, page.value.response.status_code) == (401, 403)


def test_a_sender_faster_than_the_clock_is_slowed_down_and_loses_nothing(service: Service) -> None:
    second = np.arange(8_000, dtype="<i2").tobytes()[:16_000]
    with ingest(service, {**HELLO, "legs": ["customer"]}) as websocket:
        receive(websocket)
        for _ in range(4):
            websocket.send(b"\x00" + second)
        websocket.send('{"type": "end"}')
        receive_until(websocket, of_type("ended"))
    stored = service.monitor.store.open("c1")
    assert (stored.committed("customer"), stored.reports["customer"]["overflow_seconds"]) == (200, 0)


def test_silence_that_was_not_sent_is_marked_at_its_place(service: Service) -> None:
    tone = bytes([0x00, 0x40]) * 4_000
    gap = {"type": "position", "leg": "customer", "time": 1.5, "missing": "lost"}
    with ingest(service, {**HELLO, "legs": ["customer"]}, b"\x00" + tone, gap, b"\x00" + tone, {"type": "end"}) as websocket:
        receive_until(websocket, of_type("ended"))
    frames = service.monitor.store.open("c1").read("customer")
    assert np.flatnonzero(frames.marks & 1).tolist() == list(range(25, 75))
    assert len(frames) == 100


def test_what_is_said_on_a_connection_is_what_the_published_schema_says(service: Service) -> None:
    schema = Draft202012Validator(service.http().get("/api/v1/schema/ingest.json").json())
    sent = [HELLO, {"type": "position", "leg": "agent", "time": 0.5}, {"type": "ping"}, {"type": "end"}]
    with ingest(service, *sent[:3], "nonsense", sent[3]) as websocket:
        answered = receive_until(websocket, of_type("ended"))
    assert [message["type"] for message in answered] == ["started", "pong", "error", "ended"]
    assert [error.message for message in [*sent, *answered] for error in schema.iter_errors(message)] == []


def documented_client() -> str:
    text = Path("docs/protocol.md").read_text(encoding="utf-8")
    return re.search(r"```python\n(.*?ws/v1/ingest.*?)```", text, re.DOTALL)[1]  # type: ignore[index]


def test_the_twenty_lines_of_the_documentation_send_a_file(service: Service, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "call.wav", voices(8_000), 8_000, subtype="PCM_16")
    program = documented_client().replace("ws://127.0.0.1:8765", service.url.replace("http", "ws"))
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(program.splitlines()) <= 20
    assert json.loads(done.stdout.splitlines()[-1])["reason"] == "finished"
    assert [line.legs for line in service.monitor.store.catalogue()] == [{"customer": 125, "agent": 125}]
