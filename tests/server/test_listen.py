"""Listening in to a live call: what was sent is heard, by those alone who may, and the audit has it."""

import itertools
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from jsonschema import Draft202012Validator
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from monitor.config import load_settings
from monitor.config.sections import PrivacySection
from monitor.config.tokens import NamedToken
from monitor.pipeline.tap import MOST_LISTENERS
from monitor.server.schemas import listen_schema
from tests.server.conftest import StartService
from tests.server.service import CALM, PATIENCE, TOKEN, Service, wait_until

LISTENING = PrivacySection(listen_in=True, subjects=("customer",))
SAME_SAMPLES = {leg: {"codec": "l16/16000/1", "payload_type": 96} for leg in ("customer", "agent")}


def websocket(service: Service, query: str, token: str | None = None) -> ClientConnection:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = service.url.replace("http", "ws")
    return connect(f"{address}/ws/v1/listen?{query}", additional_headers=headers, open_timeout=PATIENCE)


def said(listener: ClientConnection) -> Any:
    return json.loads(listener.recv(timeout=PATIENCE))


def refusal(service: Service, query: str, token: str | None = None) -> tuple[str, int]:
    """The code of the error, and that of the close."""
    with websocket(service, query, token) as listener:
        error = said(listener)
        with pytest.raises(ConnectionClosed) as closed:
            listener.recv(timeout=PATIENCE)
    return error["code"], closed.value.rcvd.code if closed.value.rcvd else 0


def counts_up(samples: np.ndarray) -> bool:
    """Whether they are as `counting` sends them, of which a busy machine's network may lose some."""
    return set(np.diff(samples.astype(int))) <= {1, -29_999}


def ticks(listener: ClientConnection, each: int, counted: int = 0) -> dict[int, dict[int, np.ndarray]]:
    """By place of the leg and number, until so many of each leg have come, and so many among them that count up."""
    heard: dict[int, dict[int, np.ndarray]] = {0: {}, 1: {}}
    while any(len(leg) < each or sum(map(counts_up, leg.values())) < counted for leg in heard.values()):
        message = listener.recv(timeout=PATIENCE)
        assert isinstance(message, bytes)
        leg, tick = struct.unpack_from("<BI", message)
        heard[leg][tick] = np.frombuffer(message[5:], "<i2")
    return heard


@contextmanager
def counting(*ports: int) -> Iterator[None]:
    """Send each port linear samples that count up, 20 ms a packet, until the end of the block."""
    enough = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for number in itertools.count():
                payload = (np.arange(number * 320, number * 320 + 320) % 30_000).astype(">i2").tobytes()
                for port in ports:
                    header = struct.pack("!BBHII", 0x80, 96, number & 0xFFFF, number * 320, port)
                    out.sendto(header + payload, ("127.0.0.1", port))
                if enough.wait(0.02):
                    return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def audited(service: Service) -> list[dict[str, Any]]:
    path = Path(service.settings.store.path) / "audit.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line for line in lines if line["action"].startswith("listen")]


def test_what_is_sent_over_rtp_is_heard_sample_for_sample_at_its_place(start_service: StartService) -> None:
    service = start_service(privacy=LISTENING, audio="flac")
    legs = service.http().post("/api/v1/calls", json={"call": "c1", "legs": SAME_SAMPLES}).json()["legs"]
    with counting(legs["customer"]["port"], legs["agent"]["port"]), websocket(service, "call=c1") as listener:
        begin = said(listener)
        heard = ticks(listener, each=12, counted=6)
        service.http().delete("/api/v1/calls/c1")
        end = [message for message in listener if isinstance(message, str)]
    assert begin == {"type": "listening", "call": "c1", "rate": 16_000, "legs": ["customer", "agent"]}
    assert json.loads(end[-1]) == {"type": "ended", "reason": "stopped"}
    assert [
        message for message in (begin, json.loads(end[-1])) if not Draft202012Validator(listen_schema()).is_valid(message)
    ] == []
    wait_until(lambda: service.monitor.store.open("c1").status != "live")
    for place, leg in enumerate(begin["legs"]):
        kept, _ = soundfile.read(service.settings.store.path / "audio" / "c1" / f"{leg}.flac", dtype="int16")
        for tick, samples in heard[place].items():
            np.testing.assert_array_equal(samples, kept[tick * 1_600 : tick * 1_600 + 1_600])


def test_who_listens_and_for_how_long_is_audited_and_nothing_is_kept(start_service: StartService) -> None:
    kim = NamedToken(name="Kim", role="supervisor", token=TOKEN, listen=True)
    service = start_service(privacy=LISTENING, tokens=(kim,))
    service.call({"customer": [CALM], "agent": [CALM]}, "c1", realtime=True)
    with websocket(service, "call=c1", TOKEN) as listener:
        said(listener)
        ticks(listener, each=3)
    wait_until(lambda: len(audited(service)) == 2)
    began, ended = audited(service)
    assert (began["action"], began["by"], began["call"]) == ("listen_started", "Kim", "c1")
    assert (ended["action"], ended["reason"], ended["seconds"] > 0) == ("listen_ended", "left", True)
    assert not (service.settings.store.path / "audio").exists()


def test_who_lacks_the_permission_hears_nothing(start_service: StartService) -> None:
    kim = NamedToken(name="Kim", role="engineer", token=TOKEN)
    service = start_service(privacy=LISTENING, tokens=(kim,))
    service.call({"customer": [CALM]}, "c1", realtime=True)
    assert refusal(service, "call=c1", TOKEN) == ("permission", 1008)
    assert audited(service) == []


@pytest.mark.parametrize("config", [None, Path("configs/eu.yaml")])
def test_nobody_listens_in_where_the_settings_do_not_say_so(start_service: StartService, config: Path | None) -> None:
    privacy = load_settings(*([config] if config else []), environment={}).privacy
    kim = NamedToken(name="Kim", role="engineer", token=TOKEN, listen=True)
    service = start_service(privacy=privacy, tokens=(kim,))
    service.call({"customer": [CALM]}, "c1", realtime=True)
    assert refusal(service, "call=c1", TOKEN) == ("permission", 1008)


@pytest.fixture(scope="module")
def listened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service in which everybody may listen, with a call in progress and one that is over."""
    service = Service(tmp_path_factory.mktemp("listened"), privacy=LISTENING)
    service.call({"customer": [CALM], "agent": [CALM]}, "live", realtime=True)
    service.finished_call("over", {"customer": [CALM]})
    yield service
    service.stop()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("call=over", "not_found"),
        ("call=none", "not_found"),
        ("", "config"),
        ("call=..%2Fx", "config"),
        ("call=live&x=1", "config"),
    ],
)
def test_what_cannot_be_heard_is_refused_with_the_reason(listened: Service, query: str, code: str) -> None:
    assert refusal(listened, query) == (code, 1008)


def test_more_than_a_few_do_not_listen_to_one_call(listened: Service) -> None:
    wait_until(lambda: not listened.monitor.call("live").tap._listeners)
    with ExitStack() as opened:
        listeners = [opened.enter_context(websocket(listened, "call=live")) for _ in range(MOST_LISTENERS)]
        assert [said(listener)["type"] for listener in listeners] == ["listening"] * MOST_LISTENERS
        assert refusal(listened, "call=live") == ("busy", 1013)


def test_who_speaks_in_place_of_listening_is_shown_the_door(listened: Service) -> None:
    wait_until(lambda: not listened.monitor.call("live").tap._listeners)
    with websocket(listened, "call=live") as listener:
        for _ in range(5):
            listener.send("hello?")
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                listener.recv(timeout=PATIENCE)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_the_end_of_the_service_ends_the_listening(start_service: StartService) -> None:
    service = start_service(privacy=LISTENING)
    service.call({"customer": [CALM], "agent": [CALM]}, "c1", realtime=True)
    with websocket(service, "call=c1") as listener:
        said(listener)
        service.begin_stop()
        end = [message for message in listener if isinstance(message, str)]
    assert json.loads(end[-1]) == {"type": "ended", "reason": "shutdown"}
