"""Following a server through everything: each event once, in order."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from monitor.errors import ConfigError, SourceError
from monitor.server.client import RefusedError, follow
from tests.server.conftest import StartService
from tests.server.events import record
from tests.server.service import CALM, TOKEN, Service, wait_until


async def test_every_event_comes_once_although_the_server_goes_and_comes_back(start_service: StartService, port: int) -> None:
    service = start_service(port=port)
    record(service.monitor.journal, 5)
    events = follow(service.url, since=0)
    before = await _take(events, 5)
    await asyncio.to_thread(service.stop)
    record(service.monitor.journal, 5)
    again = await asyncio.to_thread(start_service, port=port)
    between = await _take(events, 5)
    await asyncio.to_thread(record, again.monitor.journal, 5)
    after = await _take(events, 5)
    assert [event["seq"] for event in before + between + after] == list(range(1, 16))


async def test_without_since_it_begins_now(service: Service) -> None:
    record(service.monitor.journal, 3)
    events = follow(service.url)
    waiting = asyncio.ensure_future(_take(events, 1))
    await _connected(service)
    await asyncio.to_thread(record, service.monitor.journal, 1)
    assert [event["seq"] for event in await waiting] == [4]


async def test_with_present_it_begins_with_what_is_going_on(service: Service) -> None:
    service.call({"customer": [CALM]}, "c1")
    events = await _take(follow(service.url, present=True), 1)
    assert (events[0]["type"], events[0]["call"]) == ("call_started", "c1")


async def test_only_the_wanted_calls_and_types_come(service: Service) -> None:
    service.finished_call("a", {"customer": [CALM] * 2})
    service.finished_call("b", {"customer": [CALM] * 2})
    events = await _take(follow(service.url, since=0, types=["call_ended"], calls=["b"]), 1)
    assert (events[0]["type"], events[0]["call"]) == ("call_ended", "b")


async def test_the_token_is_sent(start_service: StartService) -> None:
    service = start_service(token=TOKEN)
    record(service.monitor.journal, 1)
    assert len(await _take(follow(service.url, since=0, token=TOKEN), 1)) == 1


async def test_a_wrong_token_is_an_error_at_once(start_service: StartService) -> None:
    service = start_service(token=TOKEN)
    with pytest.raises(RefusedError, match="a bearer token is needed"):
        await _take(follow(service.url, token="wrong"), 1)


async def test_since_of_another_store_is_an_error_at_once(service: Service) -> None:
    with pytest.raises(RefusedError, match="beyond the journal"):
        await _take(follow(service.url, since=99), 1)


async def test_a_server_that_is_not_there_is_named_after_the_patience() -> None:
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:9: not reached for 0\.2 s"):
        await _take(follow("http://127.0.0.1:9", patience=0.2), 1)


@pytest.mark.parametrize("url", ["", "ftp://host", "http://", "http:///path", "http://[::1", "http://host:port"])
async def test_what_is_not_an_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="not the address of a server"):
        await _take(follow(url), 1)


def test_it_is_imported_without_the_server() -> None:
    script = "import sys, monitor.server.client; sys.exit(bool({'fastapi', 'uvicorn', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


async def _take(events: AsyncIterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return [await asyncio.wait_for(anext(events), 30) for _ in range(count)]


async def _connected(service: Service) -> None:
    await asyncio.to_thread(wait_until, lambda: service.clients() == 1)
