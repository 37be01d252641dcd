"""A whole service with people: real RTP in, the wallboard in a real browser, an alert taken in hand by name, a restart."""

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from monitor.demo import CALL
from monitor.demo.sender import send_call
from tests.browser import PATIENCE, needs_chromium, opened_browser, opened_page
from tests.end_to_end.conftest import ServeProcess

TOKENS = {role: f"0123456789abcdef-{role}" for role in ("viewer", "supervisor", "engineer")}
PAUSE = 200  # ms between two key presses
NAMES = {"viewer": "Wallboard", "supervisor": "Kim Osei", "engineer": "Ada Lind"}


def signed_in(page: Page, role: str, url: str) -> None:
    page.goto(url)
    page.get_by_label("Token").fill(TOKENS[role])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def asked(service: ServeProcess, role: str, method: str, path: str, **body: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKENS[role]}"}
    return httpx.request(method, f"{service.url}/api/v1/{path}", json=body or None, headers=headers, timeout=60)


@needs_chromium
def test_an_alert_of_a_real_call_is_seen_taken_in_hand_by_name_and_known_after_a_restart(
    serve: Callable[..., ServeProcess], tmp_path: Path
) -> None:
    people = "".join(f"    - {{name: {NAMES[role]}, role: {role}, token: {token}}}\n" for role, token in TOKENS.items())
    config = tmp_path / "staffed.yaml"
    config.write_text(f"rtp: {{inactivity: 3600}}\nserver:\n  workers: 1\n  tokens:\n{people}", "utf-8")
    service = serve("--config", str(config))
    legs = {leg: {"codec": "pcmu"} for leg in ("customer", "agent")}
    refused = asked(service, "supervisor", "POST", "calls", legs=legs)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission")
    begun = asked(service, "engineer", "POST", "calls", legs=legs).raise_for_status().json()
    ports = (begun["legs"]["customer"]["port"], begun["legs"]["agent"]["port"])
    expect.set_options(timeout=PATIENCE)
    with opened_browser() as browser:
        with opened_page(browser) as page:
            signed_in(page, "supervisor", service.url)
            threading.Thread(target=send_call, args=(CALL, ports, "127.0.0.1"), daemon=True).start()  # once somebody looks
            alert = page.get_by_role("row").filter(has_text=begun["call"]).locator(".alert")
            expect(alert).to_contain_text("ago ·", timeout=3 * PATIENCE)  # the customer is calm for 40 s
            standing = asked(service, "viewer", "GET", "alerts").json()["alerts"][0]["id"]
            answer = asked(service, "viewer", "POST", f"alerts/{standing}/acknowledge", note="")
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission")
            page.keyboard.press("j")
            for _ in range(PATIENCE // PAUSE):  # an alert that is raised meanwhile comes before the one taken, and is taken too
                page.keyboard.press("a")
                page.wait_for_timeout(PAUSE)
                if "Kim Osei took note" in alert.inner_text():
                    break
            else:
                raise AssertionError(f"never taken in hand: {alert.inner_text()}")
        assert service.stop() == 0
        again = serve("--config", str(config))
        with opened_page(browser) as page:
            signed_in(page, "viewer", f"{again.url}/calls/{begun['call']}")
            expect(page.get_by_text("Kim Osei took note").first).to_be_visible()
            assert page.get_by_role("button", name="Listen in").count() == 0
