"""Behind a proxy set up as docs/operations.md says, page, API and websocket work; where its headers are wrong, that is said."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.browser import needs_chromium, opened_browser, opened_page
from tests.server.conftest import StartService
from tests.server.proxies import NAME, caddy, documented, needs_caddy, needs_nginx, nginx, replaced
from tests.server.service import PATIENCE, TOKEN, receive

BEARER = {"Authorization": f"Bearer {TOKEN}"}
HOST_HEADER = "proxy_set_header Host $http_host;"


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextmanager
def page_socket(scheme: str, port: int) -> Iterator[ClientConnection]:
    """The websocket of the page that a browser got through the proxy."""
    page, web = f"{NAME}:{port}", {"ws": "http", "wss": "https"}[scheme]
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE) as connection,
        connect(
            f"{scheme}://{page}/ws/v1/events",
            sock=connection,
            ssl=trusting() if scheme == "wss" else None,
            origin=Origin(f"{web}://{page}"),
            additional_headers=BEARER,
            open_timeout=PATIENCE,
        ) as websocket,
    ):
        yield websocket


@needs_nginx
def test_the_documented_nginx_file_lets_page_api_and_websocket_through(start_service: StartService, tmp_path: Path) -> None:
    service = start_service(token=TOKEN)
    with nginx(tmp_path, service.running.port, documented("nginx")) as port:
        headers = {**BEARER, "Host": f"{NAME}:{port}"}
        with httpx.Client(
            base_url=f"https://127.0.0.1:{port}", verify=False, headers=headers, timeout=PATIENCE, trust_env=False
        ) as http:
            answers = [http.get("/"), http.get("/api/v1/calls"), http.delete("/api/v1/calls/none")]
        with page_socket("wss", port) as websocket:
            hello = receive(websocket)
    assert ([answer.status_code for answer in answers], hello["type"]) == ([200, 200, 404], "hello")


@needs_caddy
def test_the_documented_caddy_file_lets_page_api_and_websocket_through(start_service: StartService, tmp_path: Path) -> None:
    service = start_service(token=TOKEN)
    with caddy(tmp_path, service.running.port, documented("caddyfile")) as port:
        headers = {**BEARER, "Host": f"{NAME}:{port}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=PATIENCE, trust_env=False) as http:
            answers = [http.get("/"), http.get("/api/v1/calls"), http.delete("/api/v1/calls/none")]
        with page_socket("ws", port) as websocket:
            hello = receive(websocket)
    assert ([answer.status_code for answer in answers], hello["type"]) == ([200, 200, 404], "hello")


@needs_nginx
@pytest.mark.parametrize("header", ["", "proxy_set_header Host $host;"])
def test_behind_a_proxy_that_changes_the_host_the_refusal_names_the_setting(
    header: str, start_service: StartService, tmp_path: Path
) -> None:
    service = start_service(token=TOKEN)
    site = replaced(documented("nginx"), (HOST_HEADER, header))
    with (
        nginx(tmp_path, service.running.port, site) as port,
        pytest.raises(InvalidStatus) as refused,
        page_socket("wss", port),
    ):
        pass
    said = refused.value.response.body.decode()
    assert (refused.value.response.status_code, "server.allowed_origins" in said, f"{NAME}:{port}" in said) == (403, True, True)


@needs_nginx
def test_an_origin_that_is_allowed_comes_through_a_proxy_that_changes_the_host(
    start_service: StartService, port: int, tmp_path: Path
) -> None:
    site = replaced(documented("nginx"), (HOST_HEADER, ""))
    with nginx(tmp_path, port, site) as before:
        start_service(token=TOKEN, port=port, allowed_origins=(f"https://{NAME}:{before}",))
        with page_socket("wss", before) as websocket:
            assert receive(websocket)["type"] == "hello"


@needs_nginx
@needs_chromium
def test_the_page_says_why_its_websocket_is_refused(start_service: StartService, tmp_path: Path) -> None:
    service = start_service()
    site = replaced(documented("nginx"), (HOST_HEADER, "proxy_set_header Host 127.0.0.1;"))
    with (
        nginx(tmp_path, service.running.port, site) as port,
        opened_browser() as browser,
        opened_page(browser, ignore_https_errors=True) as page,
    ):
        page.goto(f"https://127.0.0.1:{port}/")
        expect(page.locator(".connection")).to_contain_text("server.allowed_origins", timeout=PATIENCE * 1_000)
