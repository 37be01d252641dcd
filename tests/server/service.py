"""A whole service in this process: real monitor, store, journal and uvicorn on a free port."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from monitor.config.sections import RtpSection, Section, ServerSection, Settings, StoreSection
from monitor.config.sinks import SinkSection
from monitor.events import Leg
from monitor.messages import RecordedMessage
from monitor.pipeline.call import LiveCall
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.server.hub import Limits
from monitor.server.serve import RunningServer, run_server
from monitor.sinks.following import Sinks
from monitor.store.registry import open_store
from tests.pipeline.level_engine import LevelEngine
from tests.server.scripted_source import ScriptedSource

PATIENCE = 30.0
"""Seconds after which a test gives up waiting; nothing depends on how quickly things come."""
TOKEN = "0123456789abcdef-test"
CALM, LOUD = 0.05, 0.9
"""Levels that the test's engine hears as neutral and as angry."""


class Service:
    """A running server and the monitor behind it."""

    def __init__(
        self,
        folder: Path,
        limits: Limits | None = None,
        rtp: RtpSection | None = None,
        audio: str = "none",
        sinks: Mapping[str, SinkSection] | None = None,
        store: str = "zarr",
        **given: Any,
    ) -> None:
        """Of what is `given`, sections are the settings', as `privacy`; the rest is the server's."""
        sections = {key: value for key, value in given.items() if isinstance(value, Section)}
        server = {key: value for key, value in given.items() if key not in sections}
        self.settings = Settings(
            store=StoreSection(kind=store, path=folder / "store", fsync=False, audio=audio),
            server=ServerSection(**{"port": 0, **server}),
            rtp=rtp or RtpSection(),
            sinks=dict(sinks or {}),
            **sections,
        )
        opened = open_store(self.settings.store)
        self.sinks = Sinks(sinks or {}, opened)
        self.monitor = Monitor(self.settings, InferenceWorker.of(LevelEngine(), self.settings.engine), opened)
        self.sinks.start()
        self._limits = limits
        self._ready = threading.Event()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        if not self._ready.wait(PATIENCE) or self.error is not None:
            raise self.error or TimeoutError("the server did not start")

    def _serve(self) -> None:
        try:
            run_server(self.monitor, self.settings, self._started, limits=self._limits, sinks=self.sinks)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self.error = error
            self._ready.set()

    def _started(self, running: RunningServer) -> None:
        self.running = running
        self._told = self.monitor.journal.last
        self.monitor.journal.listen(self._hear)  # after all others, which have been told before it is
        self._ready.set()

    def _hear(self, message: RecordedMessage) -> None:
        self._told = message.seq

    def all_told(self) -> None:
        """Wait until all who listen to the journal were told what it has: one thread tells them, not each that appends."""
        wait_until(lambda: self._told >= self.monitor.journal.last)

    @property
    def url(self) -> str:
        return self.running.url

    def http(self, **options: Any) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, timeout=PATIENCE, verify=False, **options
        )  # no TLS here; loading its roots is slow

    def websocket(self, query: str = "", **options: Any) -> ClientConnection:
        address = self.url.replace("http", "ws") + "/ws/v1/events" + (f"?{query}" if query else "")
        return connect(address, open_timeout=PATIENCE, **options)

    @contextmanager
    def deaf_client(self) -> Iterator[None]:
        """A websocket client that came in, wants all events, and then neither reads nor answers a ping."""
        with socket.create_connection(("127.0.0.1", self.running.port), PATIENCE) as deaf:
            deaf.sendall(
                b"GET /ws/v1/events?since=0 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            came = accumulate(iter(lambda: deaf.recv(1), b""))
            next(so_far for so_far in came if so_far.endswith(b'"hello"'))  # which is said to those whom the hub knows
            yield

    def clients(self) -> int:
        """Websocket clients of the server."""
        return int(self.http().get("/api/v1/status").json()["websocket"]["clients"])

    def call(self, levels: Mapping[Leg, Sequence[float]], call_id: str | None = None, **options: Any) -> LiveCall:
        """A call that has begun, as all know."""
        metadata = options.pop("metadata", None)
        call = self.monitor.start_call(ScriptedSource(levels, **options), call_id=call_id, metadata=metadata)
        self.all_told()
        return call

    def finished_call(self, call_id: str, levels: Mapping[Leg, Sequence[float]], **options: Any) -> None:
        """A call that is over, as all know."""
        call = self.call(levels, call_id, endless=False, **options)
        if not call.wait(PATIENCE):
            raise TimeoutError(f"call {call_id} did not end")
        self.all_told()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def begin_stop(self) -> None:
        self.running.stop()

    def stop(self) -> None:
        with suppress(AttributeError):
            self.running.stop()
        self._thread.join(PATIENCE)
        self.monitor.close()
        self.sinks.close()


def serve_here(folder: str) -> None:
    """Serve in this thread, with a call in progress, until a signal comes; a line says when."""
    settings = Settings(store=StoreSection(path=Path(folder) / "store", fsync=False), server=ServerSection(port=0))
    monitor = Monitor(settings, InferenceWorker.of(LevelEngine(), settings.engine), open_store(settings.store))
    monitor.start_call(ScriptedSource({"customer": [CALM] * 3}))
    run_server(monitor, settings, lambda running: print("ready", running.url, flush=True))


def receive(websocket: ClientConnection) -> dict[str, Any]:
    """The next message."""
    message: dict[str, Any] = json.loads(websocket.recv(timeout=PATIENCE))
    return message


def receive_until(websocket: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Messages up to and including the first that is wanted."""
    messages = [receive(websocket)]
    while not wanted(messages[-1]):
        messages.append(receive(websocket))
    return messages


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that comes true by itself."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError("it did not come true")
        time.sleep(0.02)


def of_type(kind: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a message is of a type."""
    return lambda message: message["type"] == kind
