"""How a service is found: addresses as people write them, and what stands there instead."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, aclosing

import pytest

from monitor.errors import ConfigError
from monitor.remote.address import service_address, url_of
from monitor.remote.ask import NoServiceError, ask
from monitor.server.client import RefusedError, follow
from tests.server import strangers
from tests.server.conftest import StartService
from tests.server.events import record
from tests.server.service import TOKEN, Service

Stranger = Callable[[], AbstractContextManager[str]]
PROXIES = [
    {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"},
    {"all_proxy": "socks5://127.0.0.1:9"},
    {"all_proxy": "http://127.0.0.1:9", "no_proxy": "[::1]"},
    {"HTTP_PROXY": "nonsense://127.0.0.1:9", "ALL_PROXY": "nonsense://127.0.0.1:9"},
]


def first_event(url: str, **options: object) -> dict[str, object]:
    async def first() -> dict[str, object]:
        async with aclosing(follow(url, since=0, **options)) as events:  # type: ignore[arg-type, type-var]
            return await asyncio.wait_for(anext(events), 30)

    return asyncio.run(first())


@pytest.mark.parametrize(
    ("written", "http", "websocket"),
    [
        ("127.0.0.1:8765", "http://127.0.0.1:8765", "ws://127.0.0.1:8765/ws/v1/events"),
        ("localhost", "http://localhost", "ws://localhost/ws/v1/events"),
        ("http://host:1/", "http://host:1", "ws://host:1/ws/v1/events"),
        ("http://host:1//", "http://host:1", "ws://host:1/ws/v1/events"),
        ("https://host", "https://host", "wss://host/ws/v1/events"),
        ("https://host/monitor/", "https://host/monitor", "wss://host/monitor/ws/v1/events"),
        ("ws://host/ws/v1/events", "http://host", "ws://host/ws/v1/events"),
        ("http://[::1]:8765", "http://[::1]:8765", "ws://[::1]:8765/ws/v1/events"),
        ("[::1]:8765", "http://[::1]:8765", "ws://[::1]:8765/ws/v1/events"),
    ],
)
def test_an_address_is_understood_however_it_is_written(written: str, http: str, websocket: str) -> None:
    address = service_address(written)
    assert (address.http, address.websocket) == (http, websocket)


@pytest.mark.parametrize("url", ["http://user:hidden-word@host", "http://host?token=hidden-word", "http://host#hidden-word"])
def test_an_address_that_carries_a_secret_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="not the address of a server") as refused:
        service_address(url)
    assert "hidden-word" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [("::1", "http://[::1]:1"), ("::", "http://[::1]:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("10.0.0.7", "http://10.0.0.7:1")],
)
def test_a_service_is_reached_where_it_listens(host: str, url: str) -> None:
    assert url_of(host, 1) == url


@pytest.mark.parametrize("environment", PROXIES)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_no_proxy_stands_between_programs_of_one_machine(
    host: str, environment: dict[str, str], start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_service(host=host, token=TOKEN)
    record(service.monitor.journal, 1)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = ask(service.url, "GET", "/api/v1/calls", token=TOKEN).document
    assert (found["calls"], found["total"]) == ([], 0)
    assert first_event(service.url, token=TOKEN)["seq"] == 1


@pytest.mark.parametrize("proxy", ["socks5://user:hidden-word@127.0.0.1:9", "nonsense://user:hidden-word@127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_said_without_its_password(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(NoServiceError, match="the proxies that the environment names") as asking:
        ask("http://monitor.example", "GET", "/api/v1/calls")
    with pytest.raises(RefusedError, match="the proxies that the environment names") as following:
        first_event("http://monitor.example")
    assert "hidden-word" not in str(asking.value) + str(following.value)


@pytest.mark.parametrize("stranger", [strangers.web_server, strangers.mail_server, strangers.other_websocket])
def test_another_program_on_the_port_is_said_in_one_line(stranger: Stranger) -> None:
    with stranger() as url:
        with pytest.raises(NoServiceError, match=f"{url}: another program than emotion-monitor answers there") as asking:
            ask(url, "POST", "/api/v1/calls/c/replay", {"speed": 1})
        with pytest.raises(RefusedError, match=f"{url}: another program than emotion-monitor answers there") as following:
            first_event(url)
    assert len((str(asking.value) + str(following.value)).splitlines()) == 1


def test_a_port_on_which_nothing_listens_is_said_in_one_line() -> None:
    with pytest.raises(NoServiceError, match=r"http://127\.0\.0\.1:9: no service answers there .*emotion-monitor serve"):
        ask("127.0.0.1:9/", "GET", "/api/v1/calls")


def test_a_refusal_of_the_service_is_its_own_words(shared: Service) -> None:
    answer = ask(shared.url + "/", "GET", "/api/v1/calls/none")
    assert (answer.status, answer.refusal) == (404, "call none is not in this store")


def test_a_token_that_no_header_carries_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="--token: a token is one line") as refused:
        ask("127.0.0.1:9", "GET", "/api/v1/calls", token="hidden\nword")
    assert "hidden" not in str(refused.value)
