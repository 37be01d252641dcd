"""Requests that never end, without a token."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

from monitor.pipeline.descriptors import raise_limit
from tests.examination.owner import Owner
from tests.examination.row import Row
from tests.examination.service import examined

TRIED = "1,324 HTTP requests that never end, beside a live call, at 1,024 descriptors"
COUNT, LIMIT = 1_324, 1_024


def examine(tree: Path, short: bool) -> list[Row]:
    """Half of them break off in the head, half in the body; the service may have 1,024 descriptors, as is usual."""
    raise_limit()
    seconds = 5.0 if short else 20.0
    with examined(tree, descriptors=LIMIT) as service, ExitStack() as stack:
        owner = Owner(service.call("beside")["mixed"])
        time.sleep(3.0)
        there = httpx.URL(service.url)
        logged, opened = service.logged, 0
        before, began = service.about("beside")["legs"]["mixed"], time.monotonic()
        for number in range(COUNT):
            try:
                each = stack.enter_context(socket.create_connection((there.host, there.port or 80), 2.0))
                each.sendall(
                    b"POST /api/v1/calls HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n" + b"\r\n{" * (number % 2)
                )
                opened += 1
            except OSError:
                continue
        answered = asked = 0
        slowest = 0.0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            asked += 1
            at = time.monotonic()
            answered += _answers(service.url)
            slowest = max(slowest, time.monotonic() - at)
            time.sleep(0.2)
        logged = service.logged - logged
        stack.close()
        time.sleep(1.0)
        frames = service.about("beside")["legs"]["mixed"] - before
        took = time.monotonic() - began
        owner.stop()
    return [
        Row(
            f"health asked beside {opened} unfinished requests",
            f"{answered} of {asked} answered, the slowest in {slowest:.2f} s",
            "all",
            answered == asked,
        ),
        Row(
            "frames of the live call a second meanwhile",
            f"{frames / took:.0f}",
            "50 (40 on a busy machine)",
            frames / took >= 40,
        ),
        Row("log written meanwhile", f"{logged / took / 1e3:.1f} kB a second", "below 10", logged / took < 10_000),
    ]


def _answers(url: str) -> bool:
    try:
        return httpx.get(url + "/health/live", timeout=5.0, trust_env=False, verify=False).is_success
    except httpx.HTTPError:
        return False
