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

import httpx
import numpy as np
from websockets.asyncio.client import connect

from lab.experiments.many_calls import SENDER, service
from monitor.demo import CALL

MADE = re.compile(r'"(?:recorded_at|at)":"([^"]+)"')
SECONDS = 20.0


async def follow(url: str, clients: int, seconds: float) -> dict[str, list[float]]:
    """Latencies in seconds of events and boards, over all clients."""
    late: dict[str, list[float]] = {"events": [], "boards": []}
    there = asyncio.Semaphore(20)
    ready = asyncio.Event()
    begun = 0

    async def one() -> None:
        nonlocal begun
        async with there:
            websocket = await connect(url, open_timeout=60, max_size=None, ping_interval=None, compression=None)
        begun += 1
        if begun == clients:
            ready.set()
        await ready.wait()
        end = time.monotonic() + seconds
        await websocket.recv()
        while (left := end - time.monotonic()) > 0:
            try:
                text = str(await asyncio.wait_for(websocket.recv(), left))
            except TimeoutError:
                break
            now = time.time()
            if (made := MADE.search(text)) is not None:
                kind = "boards" if text.startswith('{"type":"board"') else "events"
                late[kind].append(now - datetime.fromisoformat(made[1]).timestamp())
        await websocket.close()

    await asyncio.gather(*(one() for _ in range(clients)))
    return late


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
        ports = []
        for _ in range(args.calls):
            body = {"legs": {"customer": {"codec": "PCMU"}, "agent": {"codec": "PCMU"}}}
            answer = http.post("/api/v1/calls", json=body).raise_for_status().json()
            ports += [str(leg["port"]) for leg in answer["legs"].values()]
        sender = subprocess.Popen([sys.executable, str(SENDER), str(CALL), *ports])
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
        sender.terminate()


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
