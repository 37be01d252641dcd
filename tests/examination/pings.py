"""A websocket client that pings without end and never reads."""

import os
import socket
import time
from pathlib import Path

import httpx

from tests.examination.row import Row
from tests.examination.service import examined

TRIED = "a flood of pings by a client that never reads"
OPEN = (
    b"GET /ws/v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
MEGABYTES = 10


def examine(tree: Path, short: bool) -> list[Row]:
    """Memory before and after."""
    seconds = 5.0 if short else 20.0
    with examined(tree) as service:
        service.ask("GET", "/api/v1/status")
        before, there = service.memory_mb(), httpx.URL(service.url)
        ping = b"\x89\xfd" + bytes(4) + os.urandom(125)  # RFC 6455, section 5.2: masked, by zeros
        sent, began = 0, time.monotonic()
        with socket.create_connection((there.host, there.port or 80)) as client:
            client.sendall(OPEN)
            client.recv(12)
            client.settimeout(0.5)
            while time.monotonic() - began < seconds:
                try:
                    sent += client.send(ping * 500) // len(ping)
                except TimeoutError:
                    continue
                except OSError:
                    break
            grown = service.memory_mb() - before
            answers = service.ask("GET", "/health/live").is_success
    return [
        Row(f"{sent:,} pings, nothing read: memory grew by", f"{grown:.0f} MB", f"less than {MEGABYTES} MB", grown < MEGABYTES),
        Row("health meanwhile", "answers" if answers else "silent", "answers", answers),
    ]
