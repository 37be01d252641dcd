"""The page of the rules in a real browser: a rule is edited, tried on stored calls, and saved, by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.config.sections import AlertsSection
from monitor.config.tokens import NamedToken
from tests.browser import needs_chromium, opened_browser, opened_page
from tests.server.conftest import StartService
from tests.server.service import PATIENCE, Service
from tests.server.test_rules import ANGRY_CALL, CALM_CALL, QUIET, RULES, save

MARKUP = "<img src=x onerror=document.title='taken'>"

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


@pytest.fixture
def service(start_service: StartService, tmp_path: Path) -> Service:
    """One that heard a calm call and an angry one, with one rule."""
    (tmp_path / "rules.yaml").write_text(RULES)
    service = start_service(alerts=AlertsSection(rules=(tmp_path / "rules.yaml",)))
    service.finished_call("calm", CALM_CALL)
    service.finished_call("angry", ANGRY_CALL)
    return service


def write(page: Page, text: str) -> None:
    """Put a text into the editor, in the place of what is there."""
    page.keyboard.press("e")
    write_over(page, text)


def write_over(page: Page, text: str) -> None:
    """The same, while one is in the text."""
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_a_rule_is_edited_tried_and_saved_by_keys_alone(service: Service, page: Page) -> None:
    alert = service.monitor.journal.read(0, types=("alert",))[0]["id"]
    judged = {"right": True, "reason": "", "by": "Ann"}
    service.http().post(f"/api/v1/alerts/{alert}/judge", json=judged).raise_for_status()
    page.goto(f"{service.url}/rules")
    expect(page.get_by_text("Warns when the customer sounds angry.")).to_be_visible()

    write(page, (RULES + QUIET).replace("severity: info", "severity: infoo"))
    mistake = page.get_by_role("button", name="Line 9: rule agent-quiet: severity: input should be")
    expect(mistake).to_be_visible()
    expect(page.get_by_role("button", name="Save as version 2")).to_be_disabled()
    write_over(page, RULES.replace("{leg} sounds", MARKUP + " {leg} sounds") + QUIET)
    expect(page.get_by_text("2 rules, no mistake")).to_be_visible()
    expect(page.get_by_text("What they say, as edited and not saved yet")).to_be_visible()
    expect(page.get_by_text("Warns when the agent has been silent for more than 2 s.")).to_be_visible()

    page.keyboard.press("Control+Enter")
    expect(page.locator(".result")).to_contain_text("They would have raised 2 alerts in 2 calls (")
    expect(page.locator(".result")).to_contain_text("1 alert was raised then. 1 would be new.")
    expect(page.locator(".result")).to_contain_text("Of those that stay, 1 were judged right and 0 wrong.")
    expect(page.get_by_role("link", name="agent is quiet")).to_have_attribute("href", "/calls/angry?t=6.1")
    assert page.locator("main img").count() == 0

    page.keyboard.press("Control+s")
    page.keyboard.type("agents, too")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 2 is saved.")).to_be_visible()
    expect(page.get_by_text("Version 2 is in force")).to_be_visible()
    newest = service.http().get("/api/v1/rules").json()
    assert (newest["version"], newest["by"], newest["note"]) == (2, "R. Mendes", "agents, too")

    page.get_by_role("button", name="What version 2 changed").press("Enter")
    expect(page.locator("pre")).to_contain_text("+   - name: agent-quiet")
    page.get_by_role("button", name="Bring version 1 back").press("Enter")
    expect(page.get_by_role("textbox", name="Text of the rules")).to_have_value(RULES)
    expect(page.get_by_role("button", name="Save as version 3")).to_be_enabled()


def test_who_edits_is_told_that_another_version_came_and_loses_nothing(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/rules")
    expect(page.get_by_text("1 rule, no mistake")).to_be_visible()
    mine = RULES.replace("sounds", "is")
    write(page, mine)
    save(service, RULES + QUIET, by="Ann")
    expect(page.get_by_text("Version 2 (saved by Ann")).to_be_visible()
    expect(page.get_by_role("button", name="Save as version 3")).to_be_disabled()
    page.get_by_role("button", name="What version 2 changed").first.click()
    expect(page.locator("pre").first).to_contain_text("+   - name: agent-quiet")
    page.get_by_role("button", name="Keep my text, over version 2").click()
    expect(page.get_by_role("textbox", name="Text of the rules")).to_have_value(mine)
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_text("Version 3 is saved.")).to_be_visible()


def test_who_may_not_change_rules_reads_them(start_service: StartService, page: Page) -> None:
    service = start_service(tokens=[NamedToken(name="Vera", role="viewer", token="v" * 20)])
    page.add_init_script(f"sessionStorage.setItem('token', '{'v' * 20}')")
    page.goto(f"{service.url}/rules")
    expect(page.get_by_text("viewer lacks the permission 'rules'")).to_be_visible()
    expect(page.get_by_role("textbox", name="Text of the rules")).to_have_attribute("readonly", "")
    expect(page.get_by_role("button", name="Save as version 2")).to_have_count(0)
