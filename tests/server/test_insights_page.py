"""The page of the insights in a real browser, against a real service."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.config.sections import PrivacySection
from tests.browser import needs_chromium, opened_browser, opened_page
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, PATIENCE, Service

ANGRY = {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}

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


def test_insights_are_drawn_by_day_and_by_queue_and_lead_to_the_calls(service: Service, page: Page) -> None:
    service.finished_call("angry", ANGRY, metadata={"queue": "billing"})
    service.finished_call("calm", {"customer": [CALM] * 4}, metadata={"queue": "sales"})
    alert = service.http().get("/api/v1/alerts/history").json()["alerts"][0]
    judged = {"right": True, "reason": "", "by": "Ann"}
    service.http().post(f"/api/v1/alerts/{alert['id']}/judge", json=judged).raise_for_status()
    page.goto(f"{service.url}/insights?by=queue")

    billing = page.get_by_role("row", name="billing")
    expect(billing.get_by_role("cell").nth(0)).to_have_text("1")
    expect(billing.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"^angry \d+ %"))
    expect(billing.get_by_role("cell").nth(2)).to_contain_text("100 %")
    expect(page.get_by_role("row", name="sales").get_by_role("cell").nth(2)).to_contain_text("0 %")
    rule = page.get_by_role("row", name=alert["rule"])
    expect(rule).to_contain_text("1 right, 0 wrong")
    expect(rule).to_contain_text("100 %")

    page.get_by_role("link", name="billing").press("Enter")
    expect(page.locator("tbody a")).to_have_text(["angry"])
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page.locator("h1")).to_have_text("Insights")
    expect(page.locator("tbody tr")).not_to_have_count(0)
    page.keyboard.press("2")
    expect(page.get_by_text("No call is of these days.")).to_be_visible()
    expect(page).to_have_url(re.compile("span=lastweek"))


def test_where_agents_are_left_out_the_refusal_is_said(start_service: StartService, page: Page) -> None:
    service = start_service(privacy=PrivacySection(subjects=("customer",)))
    page.goto(f"{service.url}/insights?by=agent_id")
    expect(page.get_by_role("alert")).to_contain_text("agent")
