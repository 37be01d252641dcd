"""The list of calls in a real browser, against a real service."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import needs_chromium, opened_browser, opened_page
from tests.server.service import CALM, LOUD, PATIENCE, Service

ANGRY = {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 4 + [CALM] * 8}
MARKUP = "<img src=x onerror=\"document.title = 'taken over'\">"

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


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Three calls that are over: two calm ones, of two queues, and an angry one."""
    service = Service(tmp_path_factory.mktemp("floor"))
    for call, queue, levels in (("calm", "sales", {"customer": [CALM] * 4}), ("angry", "billing", ANGRY)):
        service.finished_call(call, levels, metadata={"queue": queue})
    service.finished_call("odd", {"customer": [CALM] * 4}, metadata={"queue": "billing", "name": MARKUP})
    yield service
    service.stop()


def test_calls_are_listed_with_what_they_came_to_and_markup_stays_text(floor: Service, page: Page) -> None:
    page.goto(f"{floor.url}/calls")
    expect(page.locator("tbody a")).to_have_text([MARKUP, "angry", "calm"])
    angry = page.get_by_role("row", name="billing").filter(has_text="angry")
    expect(angry.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"^angry \d+ %, "))
    expect(angry.locator("[data-severity=critical]")).to_be_visible()
    expect(page).to_have_title(re.compile("Calls"))
    assert page.locator("main script, main img").count() == 0


def test_filters_stand_in_the_address_and_are_taken_back(floor: Service, page: Page) -> None:
    page.goto(f"{floor.url}/calls")
    expect(page.locator("tbody a")).to_have_count(3)
    page.get_by_role("combobox", name="queue").select_option("billing")
    expect(page.locator("tbody a")).to_have_count(2)
    page.get_by_role("combobox", name="Emotion").select_option("angry")
    page.get_by_role("combobox", name="at least").select_option("30")
    expect(page.locator("tbody a")).to_have_text(["angry"])
    expect(page).to_have_url(re.compile(r"where=queue(:|%3A)billing.*share=30"))
    page.reload()
    expect(page.locator("tbody a")).to_have_text(["angry"])
    page.get_by_role("searchbox").fill("nowhere")
    expect(page.get_by_text("No call meets these filters.")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("tbody a")).to_have_count(3)
    expect(page).to_have_url(re.compile("/calls$|/calls[?]sort="))


def test_the_angriest_call_is_found_and_opened_by_two_keys(floor: Service, page: Page) -> None:
    page.goto(f"{floor.url}/calls")
    expect(page.locator("tbody a")).to_have_count(3)
    page.keyboard.press("e")
    expect(page.locator("tbody a")).to_have_text(["angry"])
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/calls/angry$"))


def test_a_title_sorts_its_column_both_ways(floor: Service, page: Page) -> None:
    page.goto(f"{floor.url}/calls")
    length = page.get_by_role("button", name="Length")
    length.click()
    expect(page.locator("tbody a").first).to_have_text("angry")
    length.click()
    expect(page.locator("tbody a").last).to_have_text("angry")
    expect(page.locator("th.seconds")).to_have_attribute("aria-sort", "ascending")


def test_what_the_service_refuses_is_said_in_its_words(floor: Service, page: Page) -> None:
    page.goto(f"{floor.url}/calls?status=elsewhere")
    expect(page.get_by_role("alert")).to_contain_text("status")


def test_a_call_that_begins_comes_into_the_list(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/calls")
    expect(page.get_by_text("No call is stored yet.")).to_be_visible()
    service.call({"customer": [CALM] * 8}, "begins")
    expect(page.locator("tbody .live")).to_have_text("live")
