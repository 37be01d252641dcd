"""Runs the application until it is told to stop, and then leaves nothing behind: calls stored, clients told."""

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import structlog
import uvicorn

from monitor.config import Settings
from monitor.errors import ConfigError, MonitorError
from monitor.pipeline.monitor import Monitor
from monitor.remote.address import url_of
from monitor.server.app import create_app
from monitor.server.auth import check_exposure, check_media
from monitor.server.doors import DoorCollector, DoorLimits, Doors
from monitor.server.http_protocol import behind
from monitor.server.hub import Hub, Limits
from monitor.server.rule_book import RuleBook
from monitor.server.websocket import MAX_INBOUND
from monitor.server.websocket_protocol import KeepaliveProtocol
from monitor.sinks.following import Sinks

log = structlog.get_logger(__name__)

FAREWELL = 5.0
"""Seconds that clients have to take their last events when the server stops."""
PING_EVERY = 20.0
"""Seconds between keepalive pings, and for their answers."""
CROWD = 2048
"""Connections that wait at the most to be accepted."""
ACCEPTED_AT_ONCE = 16
"""Of them, in a turn of the loop. Two turns later doors are asked of the first: they keep more descriptors than that."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that accepts connections."""

    host: str
    port: int
    """The one in use, also where the configuration says 0."""
    stop: Callable[[], None]
    """Begin a graceful stop, from any thread."""

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        return url_of(self.host, self.port)


def run_server(
    monitor: Monitor,
    settings: Settings,
    ready: Callable[[RunningServer], None] | None = None,
    *,
    limits: Limits | None = None,
    sinks: Sinks | None = None,
    book: RuleBook | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or `RunningServer.stop`, then stop gracefully and close `monitor`.

    `ready` is called, in this thread, once connections are accepted. `/metrics` tells of `sinks`, which are the caller's to
    close. A second SIGINT does not wait for clients. Raises `ConfigError` where the server would be open without a token, or
    its address cannot be used; `monitor` is left open then.
    """
    check_exposure(settings.server)
    check_media(settings)
    listener = bind(settings.server.host, settings.server.port)
    try:
        app = create_app(monitor, settings, limits, sinks, book)
    except MonitorError:
        listener.close()
        raise
    doors = Doors(DoorLimits(connections=settings.server.max_connections))
    app.state.registry.register(DoorCollector(doors))
    config = uvicorn.Config(
        app,
        http=behind(doors),
        ws=KeepaliveProtocol,
        ws_max_size=MAX_INBOUND,
        ws_ping_interval=PING_EVERY,
        ws_ping_timeout=PING_EVERY,
        ws_per_message_deflate=False,  # messages are small and must not wait for a compressor
        lifespan="on",
        log_config=None,
        log_level="error",  # its lines on connections would show tokens in query strings, and a stranger could fill the log
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(FAREWELL),
        backlog=ACCEPTED_AT_ONCE,  # asyncio means by it both how many may wait and how many it accepts at once
    )
    host, port = listener.getsockname()[:2]
    server = _Server(config, monitor, app.state.hub, app.state.senders)
    running = RunningServer(settings.server.host if settings.server.host != "localhost" else host, port, server.begin_stop)

    def started() -> None:
        listener.listen(CROWD)
        log.info("server_listening", url=running.url, address=f"{host}:{port}")
        if ready is not None:
            ready(running)

    server.on_started = started
    server.run(sockets=[listener])


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `ConfigError` saying why the address cannot be used and what to do."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigError(f"server.host {host!r} is not an address of this machine: {error}") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(CROWD)
    except OSError as error:
        listener.close()
        raise ConfigError(_refused(host, port, error)) from None
    return listener


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is taken by another program: stop that one, "
            "or choose another port (server.port, --port; 0 takes any free one)"
        )
    if error.errno == errno.EACCES:
        return f"port {port} on {host} needs privileges that this program lacks: choose server.port above 1023"
    return f"cannot listen on {host} port {port}: {error.strerror}; set server.host to an address of this machine"


class _Server(uvicorn.Server):
    """uvicorn, with a stop in the right order: no new connections, the calls, the clients, the rest."""

    on_started: Callable[[], None]

    def __init__(self, config: uvicorn.Config, monitor: Monitor, hub: Hub, senders: Sized) -> None:
        super().__init__(config)
        self._monitor = monitor
        self._hub = hub
        self._senders = senders

    def begin_stop(self) -> None:
        """Have the main loop end."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: what calls say at their end still reaches the clients."""
        for server in self.servers:
            server.close()
        log.info("server_stopping", calls=len(self._monitor.calls()))
        await asyncio.to_thread(self._monitor.close)
        self._hub.stop()
        deadline = asyncio.get_running_loop().time() + FAREWELL
        while (self._hub.clients or self._senders) and not self.force_exit and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as the wish to stop; unlike uvicorn, do not die of them afterwards: the exit code is 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at a second SIGINT without waiting for clients."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True
