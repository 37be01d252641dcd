"""Every page in a real browser: usable by everybody (WCAG 2.2 AA, by axe-core), bound by its policy, deaf to markup.

What calls, notes and alerts say here is markup wherever a stranger may write text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser import PATIENCE, needs_chromium, opened_browser, opened_page
from tests.server.service import CALM, LOUD, TOKEN, Service, wait_until

AXE = Path(__file__).parents[2] / "dashboards" / "web" / "node_modules" / "axe-core" / "axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MARKUP = "<script>window.taken = 1</script><img src=x onerror=\"window.taken = 1\"><svg onload='window.taken = 1'>"
PAGES = {
    "wallboard": "/",
    "wall screen": "/?wall=1",
    "live call": "/calls/live",
    "replay": "/calls/over",
    "a moment": "/calls/over?t=7.5",
    "calls": "/calls",
    "alerts": "/alerts",
    "past alerts": "/alerts?past=1",
    "rules": "/rules",
    "insights": "/insights",
    "system": "/system",
}
WATCH = """
    window.violations = [];
    document.addEventListener('securitypolicyviolation', event =>
        window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
    localStorage.setItem('name', 'R. Mendes');
"""

expect.set_options(timeout=PATIENCE)
pytestmark = [needs_chromium, pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make web")]


@dataclass
class Watched:
    """A page, and the addresses that it asked for."""

    page: Page
    hosts: set[str]

    def visit(self, url: str) -> None:
        """Go there, and wait for what it shows to have come."""
        self.page.goto(url)
        expect(self.page.locator("h1, dialog[open]").first).to_be_visible(timeout=PATIENCE)
        self.page.wait_for_load_state("networkidle")

    def faults(self) -> list[str]:
        """What axe finds, light and dark: a line each, with the element and why."""
        found = []
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.evaluate(AXE.read_text("utf-8"))
            options: dict[str, Any] = {"runOnly": {"type": "tag", "values": STANDARD}, "resultTypes": ["violations"]}
            violations = self.page.evaluate("options => axe.run(document, options).then(said => said.violations)", options)
            found += [
                f"{scheme}: {violation['id']}: {node['html'][:160]}: {node['failureSummary']}"
                for violation in violations
                for node in violation["nodes"]
            ]
        return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a live call that has an alert, and a stored one with sound, notes and judged alerts."""
    service = Service(tmp_path_factory.mktemp("house"), audio="flac")
    try:
        metadata = {"queue": MARKUP, "name": MARKUP, MARKUP: MARKUP}
        levels = {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 4 + [CALM] * 8}
        service.finished_call("over", levels, metadata=metadata)
        angry = {"customer": [CALM] * 4 + [LOUD] * 60, "agent": [0.0] * 64}
        service.call(angry, "live", rest={"customer": LOUD}, metadata=metadata)
        wait_until(lambda: any(alert["rule"] == "customer-angry" for alert in service.monitor.alerts()))
        with service.http() as http:

            def post(path: str, **body: Any) -> None:
                http.post(f"/api/v1/{path}", json={"by": MARKUP, **body}).raise_for_status()

            for alert in http.get("/api/v1/alerts/history").json()["alerts"]:
                post(f"alerts/{alert['id']}/judge", right=False, reason=MARKUP)
            standing = service.monitor.alerts()[0]["id"]
            post(f"alerts/{standing}/acknowledge", note=MARKUP)
            post(f"alerts/{standing}/assign", to=MARKUP)
            for call in ("over", "live"):
                post(f"calls/{call}/notes", time=6.0, leg="customer", text=MARKUP)
        yield service
    finally:
        service.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    with opened_page(browser) as page:
        page.add_init_script(WATCH)
        hosts: set[str] = set()

        def asked(request: Request) -> None:
            hosts.add(urlsplit(request.url).netloc)

        page.on("request", asked)
        yield Watched(page, hosts)


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_a_page_and_nothing_strange_runs_in_it(house: Service, watched: Watched, name: str) -> None:
    watched.visit(house.url + PAGES[name])
    assert "\n".join(watched.faults()) == ""
    assert watched.page.evaluate("window.taken") is None
    assert watched.page.evaluate("window.violations") == []
    assert watched.page.locator("main script, main img[src=x], main svg[onload]").count() == 0
    assert watched.hosts - {""} == {urlsplit(house.url).netloc}


def test_everybody_can_sign_in(tmp_path: Path, watched: Watched) -> None:
    service = Service(tmp_path, token=TOKEN)
    try:
        watched.visit(service.url)
        expect(watched.page.get_by_label("Token")).to_be_visible()
        assert "\n".join(watched.faults()) == ""
        watched.page.get_by_label("Token").fill("a token that is wrong")
        watched.page.get_by_role("button", name="Sign in").click()
        expect(watched.page.get_by_text("That token was refused.")).to_be_visible()
        assert "\n".join(watched.faults()) == ""
        assert watched.page.evaluate("window.violations") == []
    finally:
        service.stop()


def test_everybody_can_read_which_keys_there_are(house: Service, watched: Watched) -> None:
    watched.visit(house.url)
    watched.page.keyboard.press("?")
    expect(watched.page.locator("dialog[open]")).to_be_visible()
    assert "\n".join(watched.faults()) == ""
