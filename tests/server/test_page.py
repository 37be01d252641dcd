"""The page in a real browser, over a real websocket."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import needs_chromium, opened_browser, opened_page
from tests.packaging.conftest import ROOT
from tests.pipeline.level_engine import LevelEngine
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, PATIENCE, TOKEN, Service, wait_until

MARKUP = "<script>document.title = 'taken over'</script><img src=x onerror=\"document.title = 'taken over'\">"

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(autouse=True)
def plain_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page before the wallboard, until that does all it did."""
    monkeypatch.setattr("monitor.server.pages.built_page", lambda: ROOT / "dashboards" / "plain")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_page(browser) as page:
        yield page


def test_the_page_shows_a_call_its_state_moving_and_an_alert(service: Service, page: Page) -> None:
    page.goto(service.url)
    expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator("#no-calls")).to_be_visible()
    service.call({"customer": [CALM] * 3 + [LOUD] * 120, "agent": [0.0] * 123}, "queue-7", realtime=True)
    expect(page.locator(".call h3")).to_have_text("queue-7")
    customer = page.locator(".leg").first
    expect(customer.locator(".label")).to_have_text("neutral")
    expect(customer.locator(".label")).to_have_text("angry")
    expect(customer.locator(".percent")).to_have_text(re.compile(r"\d+ %"))
    expect(customer.locator("canvas")).to_have_attribute("aria-label", re.compile("customer: angry"))
    expect(page.locator("#counts")).to_contain_text("1 live call")
    alert = page.locator(".alert", has_text="sounds angry")
    expect(alert.locator(".severity")).to_have_text("critical")
    expect(alert.locator(".text")).to_have_text(re.compile(r"customer sounds angry \(probability 0\.[7-9]\d\), since 0:0\d"))
    expect(alert.locator(".when")).to_have_text(re.compile(r"^0:0\d(, about 0:0\d)?$"))
    expect(alert.locator(".status")).to_contain_text(re.compile(r"open, said [1-9]\d* s ago"))
    assert _painted(page)


def test_a_call_that_is_over_says_why_in_words(service: Service, page: Page) -> None:
    page.goto(service.url)
    expect(page.locator("#connection")).to_have_text("live")
    service.finished_call("c1", {"customer": [CALM] * 2})
    expect(page.locator(".call .about")).to_have_text("ended: heard to its end")


def test_a_leg_that_was_not_heard_is_shown_as_such(service: Service, page: Page) -> None:
    page.goto(service.url)
    expect(page.locator("#connection")).to_have_text("live")
    engine = service.monitor.inference.engine
    assert isinstance(engine, LevelEngine)
    engine.memory = 0
    service.call({"customer": [CALM] * 8, "agent": [0.0] * 8}, "c1")
    expect(page.locator(".leg .degraded").first).to_have_text(re.compile(r"\d+ s not heard"))


def test_an_alert_is_acknowledged_by_name(service: Service, page: Page) -> None:
    page.goto(service.url)
    service.call({"customer": [CALM] * 4 + [LOUD] * 60, "agent": [0.0] * 64}, "c1")
    alert = page.locator(".alert", has_text="sounds angry")
    alert.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#me")).to_be_focused()
    page.fill("#me", "R. Mendes")
    alert.get_by_role("button", name="Acknowledge").click()
    expect(alert.locator(".status")).to_contain_text("R. Mendes took note")
    assert [item["acknowledged_by"] for item in service.monitor.alerts() if item["rule"] == "customer-angry"] == ["R. Mendes"]


def test_markup_in_a_calls_metadata_stays_text(service: Service, page: Page) -> None:
    page.goto(service.url)
    service.call({"customer": [CALM] * 2}, "c1", metadata={"queue": MARKUP, MARKUP: "x"})
    expect(page.locator(".meta dd").first).to_have_text(MARKUP)
    expect(page.locator(".meta dt").nth(1)).to_have_text(MARKUP)
    expect(page).to_have_title(re.compile("Emotion monitor"))
    assert page.locator(".call script, .call img").count() == 0


def test_a_page_that_comes_late_shows_what_is_going_on(service: Service, page: Page) -> None:
    call = service.call({"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}, "c1")
    wait_until(lambda: call.seconds >= 12)
    page.goto(service.url)
    expect(page.locator(".call h3")).to_have_text("c1")
    expect(page.locator(".leg").first.locator(".label")).to_have_text("angry")
    expect(page.locator(".alert", has_text="sounds angry")).to_be_visible()


def test_a_replay_wears_its_badge_and_offers_no_acknowledgement(service: Service, page: Page) -> None:
    service.finished_call("c1", {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12})
    page.goto(service.url)
    expect(page.locator("#connection")).to_have_text("live")
    service.http().post("/api/v1/calls/c1/replay", json={"speed": 0}).raise_for_status()
    expect(page.locator(".call .badge.replay")).to_have_text("replay")
    expect(page.locator(".alert .badge").first).to_have_text("replay")
    expect(page.locator("#counts")).to_have_text("0 live calls, 0 open alerts")
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_the_page_asks_for_the_token_and_again_where_it_is_wrong(start_service: StartService, page: Page) -> None:
    service = start_service(token=TOKEN)
    page.goto(service.url)
    page.fill("#token", "a token that is wrong")
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#token-wrong")).to_be_visible()
    page.fill("#token", TOKEN)
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#connection")).to_have_text("live")


def test_the_page_comes_back_after_the_server_did_and_has_missed_nothing(start_service: StartService, page: Page) -> None:
    service = start_service()
    page.goto(service.url)
    expect(page.locator("#connection")).to_have_text("live")
    service.stop()
    expect(page.locator("#connection")).not_to_have_text("live")
    again = start_service(port=service.running.port)
    again.finished_call("missed", {"customer": [CALM] * 2})
    expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator(".call h3")).to_have_text("missed")


def _painted(page: Page) -> bool:
    """Whether the first canvas shows more than its background."""
    script = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0)"
    return bool(page.locator("canvas").first.evaluate(script))
