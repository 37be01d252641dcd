"""The page of the alerts in a real browser: they come, are acted on, and are found again."""

import csv
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from monitor.config.tokens import NamedToken
from monitor.events import Leg
from tests.browser import needs_chromium, opened_browser, opened_page
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, PATIENCE, Service, of_type, receive_until

ANGRY = {"customer": [CALM] * 4 + [LOUD] * 60, "agent": [0.0] * 64}
STAYS: dict[Leg, float] = {"customer": LOUD}
OVER = {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}
SOUNDS = "sounds angry"

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_page(browser) as page:
        page.add_init_script("localStorage.setItem('name', 'R. Mendes')")
        yield page


def card(page: Page) -> Locator:
    return page.locator(".alert", has_text=SOUNDS)


def arrive(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/alerts")
    expect(page.locator(".connection")).to_have_text("live")


def choose(page: Page) -> None:
    """The angry alert, by keys: down and up again, since others come meanwhile and have a place before it or behind it."""
    expect(card(page)).to_be_visible()
    chosen = page.locator(".alert.chosen", has_text=SOUNDS)
    for key in "jjjjkkkk" * round(PATIENCE):
        if chosen.count():
            return
        page.keyboard.press(key)
        page.wait_for_timeout(100)
    raise AssertionError("no key chose the angry alert")


def test_an_alert_stands_in_the_page_as_soon_as_its_message_is_heard(service: Service, page: Page) -> None:
    page.add_init_script(WATCH)
    arrive(page, service)
    expect(page.get_by_text("No alert stands.")).to_be_visible()
    service.call(ANGRY, "c1", rest=STAYS, metadata={"name": "Bea"})
    expect(card(page).get_by_role("link", name="Bea")).to_have_attribute("href", re.compile(r"/calls/c1[?]t="))
    page.wait_for_function("seen.length")
    assert page.evaluate("seen") == [True]


def test_an_alert_is_acted_on_by_keys_alone_and_all_of_it_survives_a_restart(
    start_service: StartService, port: int, page: Page
) -> None:
    service = start_service(port=port)
    with service.websocket("type=alert_judged") as told:
        service.call(ANGRY, "c1", rest=STAYS)
        arrive(page, service)
        choose(page)
        page.keyboard.press("o")
        page.keyboard.type("Kim Osei")
        page.keyboard.press("Enter")
        expect(card(page)).to_contain_text("with Kim Osei")
        page.keyboard.press("s")
        page.keyboard.press("Tab")
        page.keyboard.type("on the phone with her")
        page.keyboard.press("Enter")
        expect(card(page)).to_contain_text(re.compile("asleep until .*: on the phone with her"))
        page.keyboard.press("A")
        page.keyboard.type("calling back")
        page.keyboard.press("Enter")
        expect(card(page)).to_contain_text("R. Mendes took note: calling back")
        page.keyboard.press("y")
        expect(card(page)).to_contain_text("R. Mendes: right")
        receive_until(told, of_type("alert_judged"))
    service.stop()
    again = start_service(port=port)
    page.keyboard.press("h")
    row = page.get_by_role("row").filter(has_text=SOUNDS)
    expect(page.locator(".connection")).to_have_text("live")
    expect(row).to_contain_text("✓ R. Mendes")
    expect(row).to_contain_text("→ Kim Osei")
    expect(row.locator(".right")).to_have_text("right")
    assert again.http().get("/api/v1/alerts").json() == {"alerts": []}


def test_the_history_is_filtered_judged_and_exported(service: Service, page: Page) -> None:
    service.finished_call("c1", OVER, metadata={"queue": "billing"})
    service.finished_call("c2", OVER, metadata={"queue": "sales"})
    page.goto(f"{service.url}/alerts?view=history&severity=critical")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("combobox", name="queue").select_option("sales")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("n")
    expect(page.locator("tbody .wrong")).to_have_text("wrong")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export (CSV)").click()
    head, *rows = csv.reader(saved.value.path().read_text("utf-8").splitlines())
    assert [dict(zip(head, row, strict=True))["judged_wrong_by"] for row in rows] == ["R. Mendes"]
    page.get_by_role("combobox", name="Judged").select_option("unjudged")
    expect(page.get_by_text("No alert meets these filters.")).to_be_visible()


def test_who_may_not_act_sees_alerts_and_no_button(start_service: StartService, page: Page) -> None:
    service = start_service(tokens=[NamedToken(name="Vera", role="viewer", token="v" * 20)])
    page.add_init_script(f"sessionStorage.setItem('token', '{'v' * 20}')")
    service.call(ANGRY, "c1", rest=STAYS)
    arrive(page, service)
    expect(card(page)).to_be_visible()
    expect(card(page).locator(".acts")).to_have_count(0)


def test_sound_and_notifications_are_off_until_asked_for_and_remembered(service: Service, page: Page) -> None:
    page.add_init_script(NOTIFIED)
    page.context.grant_permissions(["notifications"], origin=service.url)
    arrive(page, service)
    switches = page.get_by_role("switch")
    expect(switches.nth(0)).not_to_be_checked()
    expect(switches.nth(1)).not_to_be_checked()
    page.get_by_label("Desktop notification").check()
    page.reload()
    expect(page.locator(".connection")).to_have_text("live")
    expect(page.get_by_label("Desktop notification")).to_be_checked()
    service.call(ANGRY, "c1", rest=STAYS, metadata={"name": "Bea"})
    page.wait_for_function("() => shown.some(title => title === 'critical: Bea')")


WATCH = """window.seen = [];
const Plain = WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', ({ data }) => {
      const { type, status, message } = JSON.parse(data);
      if (type !== 'alert' || status !== 'raised' || !message.includes('sounds angry')) return;
      const there = () => [...document.querySelectorAll('.alert')].some(card => card.textContent.includes('sounds angry'));
      setTimeout(() => window.seen.push(there()));
    });
  }
};"""
"""Notes whether the alert is drawn when its message has been heard, before the next message is."""
NOTIFIED = """window.shown = [];
window.Notification = class { static permission = 'granted'; constructor(title) { window.shown.push(title); } };"""
"""Notifications are noted instead of shown: a browser without a desktop has nowhere to show them."""
