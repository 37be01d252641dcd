"""How late messages come to many websocket clients of one busy service.

    python -m lab.experiments.watchers --clients 1 --clients 200 --clients 1000 --calls 20 --silent 20

A service in a process of its own hears `--calls` calls over RTP. The clients, in another process, follow all events and the
board, once a second; each notes when a message came against when it was made (`recorded_at` of an event, `at` of a board, by
the wall clock of this machine). `--silent`: clients beside them that connect and never read. What it costs the clients' own
process to take a message is part of the figure.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np

from lab.experiments.many_calls.service import Sender, begun, service

MADE = re.compile(rb'"(?:recorded_at|at)":"([^"]+)"')
PING = 0x9
SETTLE = 2.0
"""Seconds between the last client's coming and the first message that counts."""
SECONDS = 20.0


class Watcher(asyncio.Protocol):
    """One client that reads all it is sent, at a cost as low as Python allows: headers of frames, and when they were made."""

    def __init__(self, handshake: bytes, late: dict[str, list[tuple[float, float]]]) -> None:
        """`late`: for each kind of message when each was made and when it came, by the wall clock."""
        self.greeted = asyncio.get_running_loop().create_future()
        self._handshake = handshake
        self._late = late
        self._open = False
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the websocket."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._handshake)

    def data_received(self, data: bytes) -> None:
        """Note what came."""
        now = time.time()
        data = self._unread + data if self._unread else data
        place = 0
        if not self._open:
            place = data.find(b"\r\n\r\n") + 4
            if place < 4:
                self._unread = data
                return
            self._open = data.startswith(b"HTTP/1.1 101")
            if not self._open:
                raise SystemExit(data.decode(errors="replace"))
        while (frame := _frame(data, place)) is not None:
            kind, begin, place = frame
            if kind == PING:
                self._transport.write(b"\x8a\x84\0\0\0\0" + data[begin:place])
            elif not self.greeted.done():
                self.greeted.set_result(None)
            elif (made := MADE.search(data, begin, place)) is not None:
                what = "boards" if data.startswith(b'{"type":"board"', begin) else "events"
                self._late[what].append((datetime.fromisoformat(made[1].decode()).timestamp(), now))
        self._unread = data[place:]

    def connection_lost(self, exc: Exception | None) -> None:
        """The service has let go of this client."""
        if not self.greeted.done():
            self.greeted.set_exception(exc or ConnectionError("the service closed the connection"))


def _frame(data: bytes, place: int) -> tuple[int, int, int] | None:
    """Opcode, begin and end of the payload of a server's frame (RFC 6455, section 5.2); None where it is not whole."""
    if len(data) < place + 2:
        return None
    length, begin = data[place + 1], place + 2
    if length >= 126:
        size = 2 if length == 126 else 8
        begin += size
        length = int.from_bytes(data[place + 2 : begin], "big")
    end = begin + length
    return None if len(data) < max(begin, end) else (data[place] & 0x0F, begin, end)


async def follow(url: str, clients: int, seconds: float) -> dict[str, list[float]]:
    """Latencies in seconds of events and boards that were made once all clients were there, over all clients."""
    address = urlsplit(url)
    handshake = (
        f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()
    late: dict[str, list[tuple[float, float]]] = {"events": [], "boards": []}
    loop = asyncio.get_running_loop()
    there = asyncio.Semaphore(20)

    async def come() -> asyncio.BaseTransport:
        async with there:
            transport, watcher = await loop.create_connection(
                lambda: Watcher(handshake, late), str(address.hostname), address.port or 80
            )
            await watcher.greeted
            return transport

    transports = await asyncio.gather(*(come() for _ in range(clients)))
    await asyncio.sleep(SETTLE)
    begun = time.time()
    await asyncio.sleep(seconds)
    end = time.time()
    await asyncio.sleep(SETTLE)  # what was made in time, and is late
    for transport in transports:
        transport.close()
    return {what: [came - made for made, came in times if begun <= made < end] for what, times in late.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, action="append", required=True)
    parser.add_argument("--silent", type=int, default=0)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--follow", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--tree", type=Path)
    args = parser.parse_args()
    if args.follow:
        print(json.dumps(asyncio.run(follow(args.follow, args.clients[0], args.seconds))))
        return
    print("| clients | what | messages | median ms | p95 ms | p99 ms |\n|---:|---|---:|---:|---:|---:|")
    with (
        service(args.tree, args.workers, args.calls) as (url, _),
        httpx.Client(base_url=url, timeout=60, trust_env=False) as http,
    ):
        sender = Sender(begun(http, args.calls), silent=0.0)
        time.sleep(5)
        board = "" if args.tree else "?board=1"
        address = url.replace("http", "ws", 1) + "/ws/v1/events"
        with ExitStack() as stack:
            for _ in range(args.silent):
                stack.enter_context(_deaf(url))
            for clients in args.clients:
                command = [sys.executable, "-m", "lab.experiments.watchers", "--clients", str(clients)]
                command += ["--seconds", str(args.seconds), "--follow", address + board]
                late = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
                for what, values in late.items():
                    if values:
                        median, p95, p99 = (round(1000 * float(value)) for value in np.quantile(values, [0.5, 0.95, 0.99]))
                        print(f"| {clients} | {what} | {len(values)} | {median} | {p95} | {p99} |", flush=True)
        sender.stop()


def _deaf(url: str) -> ExitStack:
    """A client that has come in, and then reads nothing."""
    import socket

    host, _, port = url.removeprefix("http://").partition(":")
    stack = ExitStack()
    deaf = stack.enter_context(socket.create_connection((host, int(port)), 30))
    deaf.sendall(
        b"GET /ws/v1/events?board=1&frames=1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    return stack


if __name__ == "__main__":
    main()
