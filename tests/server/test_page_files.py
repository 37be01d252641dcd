"""How the page is served: its addresses, what browsers may keep, what may run in it, what stands for it where it is missing."""

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from monitor.server.pages import CLIENT_PATHS, built_page, page
from monitor.server.security_headers import SecurityHeaders

MOST = 250_000
"""Bytes of all scripts and styles, compressed."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build in small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-D4m.js").write_text("// the page\n" * 200)
    (tmp_path / "index.html").write_text("<title>the page</title>")
    (tmp_path / "icon.svg").write_text("<svg/>")
    return tmp_path


def browser(served: ASGIApp) -> AsyncClient:
    app = Starlette(routes=[Mount("/", served)])
    app.add_middleware(SecurityHeaders)
    return AsyncClient(transport=ASGITransport(app), base_url="http://monitor")


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[AsyncClient]:
    async with browser(page(folder)) as client:
        yield client


async def test_every_address_that_the_page_draws_itself_is_answered_with_it(client: AsyncClient) -> None:
    answers = [await client.get(path.replace("{call}", "queue-7")) for path in CLIENT_PATHS]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, "<title>the page</title>")}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-cache"}


@pytest.mark.parametrize("path", ["/nothing", "/calls/a/b", "/assets/none.js", "/..%2findex.html"])
async def test_another_address_is_not(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_files_whose_names_change_with_their_contents_are_kept_and_packed(client: AsyncClient) -> None:
    answer = await client.get("/assets/index-D4m.js", headers={"accept-encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" not in (await client.get("/icon.svg")).headers["cache-control"]


async def test_the_policy_takes_no_script_or_style_within_the_page(client: AsyncClient) -> None:
    policy = (await client.get("/")).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


async def test_where_the_page_was_not_built_every_address_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.server.pages.built_page", lambda: None)
    async with browser(page()) as client:
        assert [(await client.get(path)).status_code for path in ("/", "/calls/queue-7", "/system")] == [200] * 3
        assert "make web" in (await client.get("/")).text


def test_the_built_page_has_no_script_or_style_within_and_names_no_other_host() -> None:
    built = built_page()
    assert built is not None, "make web"
    document = (built / "index.html").read_text("utf-8")
    assert re.findall(r"<style|style=|<script(?![^>]*src=)|(?:src|href)=\"(?:https?:)?//", document) == []


def test_the_whole_page_is_small() -> None:
    built = built_page()
    assert built is not None, "make web"
    files = [path for path in (built / "assets").iterdir() if path.suffix in (".js", ".css")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < MOST
