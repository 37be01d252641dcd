"""The wallboard in a real browser, over a real websocket."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from monitor.events import FramesSkipped, HearingChanged
from tests.browser import needs_chromium, opened_browser, opened_page
from tests.server.conftest import StartService
from tests.server.scripted_source import ScriptedSource
from tests.server.service import CALM, LOUD, PATIENCE, TOKEN, Service, wait_until

MARKUP = "<script>document.title = 'taken over'</script><img src=x onerror=\"document.title = 'taken over'\">"

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_page(browser) as page:
        yield page


def row_of(page: Page, call: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=call, exact=True))


def arrive(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(".connection")).to_have_text("live")


def test_a_call_comes_to_the_wallboard_with_its_state_and_its_alert(service: Service, page: Page) -> None:
    arrive(page, service.url)
    expect(page.get_by_text("No call at this moment.")).to_be_visible()
    source = ScriptedSource({"customer": [CALM] * 3, "agent": [0.0] * 3}, rest={"customer": CALM}, realtime=True)
    service.monitor.start_call(source, call_id="c1", metadata={"name": "Bea", "queue": "billing"})
    row = row_of(page, "Bea")
    expect(row.locator(".state .emotion").first).to_contain_text("neutral")
    source.rest["customer"] = LOUD
    expect(row.locator(".state .emotion").first).to_contain_text("angry")
    expect(row.locator(".state .percent")).to_have_text(re.compile(r"\d+ %"))
    expect(row.locator(".alert")).to_contain_text("critical")
    expect(row.locator(".alert")).to_contain_text("customer-certainly-angry")
    expect(row.locator(".alert")).to_contain_text(re.compile(r"\d+ s ago · customer is angry beyond doubt"))
    expect(row.locator(".queue")).to_have_text("billing")
    expect(page).to_have_title(re.compile(r"^\(\d\) Wallboard"))
    page.wait_for_function(PAINTED)


def test_a_call_that_is_over_says_why_in_words(service: Service, page: Page) -> None:
    arrive(page, service.url)
    service.finished_call("c1", {"customer": [CALM] * 2})
    expect(row_of(page, "c1").locator(".who")).to_contain_text("ended: heard to its end")


def test_what_is_not_heard_is_shown(service: Service, page: Page) -> None:
    arrive(page, service.url)
    service.call({"customer": [CALM] * 8}, "c1")
    expect(row_of(page, "c1")).to_be_visible()
    service.monitor.journal.append(FramesSkipped(call="c1", leg="customer", time=7.0, at=8.0, frames=100, cause="overload"))
    expect(row_of(page, "c1").locator(".audio")).to_have_text("2 s not heard")
    service.monitor.journal.append(HearingChanged(call="c1", leg="customer", time=8.0, at=8.0, heard=False, detail="encrypted"))
    expect(row_of(page, "c1").locator(".audio")).to_have_text("not heard")
    expect(page.locator(".amiss")).to_contain_text("1 call is not heard")


def test_an_alert_is_acknowledged_by_name_with_the_keyboard_alone(service: Service, page: Page) -> None:
    arrive(page, service.url)
    service.call({"customer": [CALM] * 4 + [LOUD] * 60, "agent": [0.0] * 64}, "c1", rest={"customer": LOUD})
    expect(row_of(page, "c1").locator(".alert")).to_contain_text("customer-certainly-angry")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("#your-name")).to_be_focused()
    page.keyboard.type("R. Mendes")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(row_of(page, "c1").locator(".alert")).to_contain_text("R. Mendes took note")
    assert [item["acknowledged_by"] for item in service.monitor.alerts() if item["rule"] == "customer-certainly-angry"] == [
        "R. Mendes"
    ]


def test_a_row_is_opened_with_the_keyboard_and_back_leads_back(service: Service, page: Page) -> None:
    arrive(page, service.url)
    for call in ("c1", "c2"):
        service.call({"customer": [CALM] * 8}, call)
        expect(row_of(page, call)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/calls/c2$"))
    page.go_back()
    expect(row_of(page, "c1")).to_be_visible()


def test_a_filter_stands_in_the_address(service: Service, page: Page) -> None:
    for call, queue in (("c1", "billing"), ("c2", "sales")):
        service.call({"customer": [CALM] * 8}, call, metadata={"queue": queue})
    arrive(page, service.url)
    page.get_by_role("combobox", name="queue").select_option("sales")
    expect(row_of(page, "c1")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"where=queue(:|%3A)sales"))
    page.reload()
    expect(row_of(page, "c2")).to_be_visible()
    expect(row_of(page, "c1")).to_have_count(0)


def test_markup_in_a_calls_metadata_stays_text(service: Service, page: Page) -> None:
    arrive(page, service.url)
    service.call({"customer": [CALM] * 2}, "c1", metadata={"name": MARKUP, "queue": MARKUP, MARKUP: MARKUP})
    expect(row_of(page, MARKUP).locator(".queue")).to_have_text(MARKUP)
    expect(page).to_have_title(re.compile("Wallboard"))
    assert page.locator("main script, main img").count() == 0


def test_a_page_that_comes_late_shows_what_is_going_on(service: Service, page: Page) -> None:
    call = service.call({"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}, "c1", rest={"customer": LOUD})
    wait_until(lambda: call.seconds >= 12)
    page.goto(service.url)
    row = row_of(page, "c1")
    expect(row.locator(".state .emotion").first).to_contain_text("angry")
    expect(row.locator(".alert")).to_contain_text("angry")


def test_a_page_that_comes_late_draws_what_a_call_was_like_before(service: Service, page: Page) -> None:
    call = service.call({"customer": [CALM] * 60 + [LOUD] * 60}, "c1")
    wait_until(lambda: call.seconds >= 119)
    arrive(page, service.url)
    expect(row_of(page, "c1").locator(".trend canvas")).to_have_text("getting worse")


def test_a_replay_is_no_live_call(service: Service, page: Page) -> None:
    service.finished_call("c1", {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12})
    arrive(page, service.url)
    service.http().post("/api/v1/calls/c1/replay", json={"speed": 0}).raise_for_status()
    service.call({"customer": [CALM] * 8}, "c2")
    expect(row_of(page, "c2")).to_be_visible()
    expect(row_of(page, "c1")).to_have_count(0)
    expect(page).to_have_title(re.compile("^Wallboard"))


def test_the_page_asks_for_the_token_and_again_where_it_is_wrong(start_service: StartService, page: Page) -> None:
    service = start_service(token=TOKEN)
    page.goto(service.url)
    page.get_by_label("Token").fill("a token that is wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("That token was refused.")).to_be_visible()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".connection")).to_have_text("live")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_page_comes_back_after_the_server_did_and_has_missed_nothing(
    start_service: StartService, port: int, page: Page
) -> None:
    service = start_service(port=port)
    arrive(page, service.url)
    service.stop()
    expect(page.locator(".connection")).to_contain_text("not connected")
    again = start_service(port=port)
    again.finished_call("missed", {"customer": [CALM] * 2})
    expect(page.locator(".connection")).to_have_text("live")
    expect(row_of(page, "missed")).to_be_visible()


def test_the_page_speaks_chinese(service: Service, page: Page) -> None:
    arrive(page, service.url)
    page.get_by_label("Language").select_option("zh")
    expect(page.get_by_role("link", name="总览")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh")


PAINTED = """() => [...document.querySelectorAll('canvas')].some(canvas =>
  canvas.width && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0))"""
"""Whether a trend is drawn."""
