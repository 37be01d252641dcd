"""The page of a call in a real browser: live over a real websocket, and stored."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.config.sections import PrivacySection
from tests.browser import needs_chromium, opened_browser, opened_page
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, PATIENCE, Service, wait_until

MARKUP = "<img src=x onerror=\"document.title = 'taken over'\">"
LEVELS = {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 4 + [CALM] * 8}

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


def opened(page: Page, service: Service, address: str) -> Page:
    page.goto(f"{service.url}/calls/{address}")
    expect(page.locator(".lane").first).to_be_visible()
    return page


def test_a_call_that_is_opened_in_its_middle_is_shown_from_its_beginning_and_goes_on(service: Service, page: Page) -> None:
    call = service.call({"customer": [CALM] * 4 + [LOUD] * 100, "agent": [0.0] * 104}, "c1", realtime=True)
    wait_until(lambda: call.seconds >= 6)
    opened(page, service, "c1")
    expect(page.locator(".badge.live")).to_be_visible()
    expect(page.locator(".lane h3")).to_have_text(["customer", "agent"])
    expect(page.locator(".lane .now").first).to_contain_text("angry")
    first = page.locator(".at").inner_text()
    expect(page.locator(".at")).not_to_have_text(first)
    page.keyboard.press("Home")
    expect(page.locator(".at")).to_have_text("0:00.0")
    page.locator(".plot").first.hover(position={"x": 20, "y": 60})
    expect(page.locator(".lane .now").first).to_contain_text(re.compile("neutral|not clear"))
    assert painted(page)
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="live edge")).to_be_disabled()


def test_an_alert_is_acknowledged_and_judged_and_a_moment_noted_by_keys_alone(service: Service, page: Page) -> None:
    service.call({"customer": [CALM] * 4 + [LOUD] * 60, "agent": [0.0] * 64}, "c1", rest={"customer": LOUD})
    opened(page, service, "c1")
    alert = page.locator(".alert", has_text="sounds angry")
    expect(alert).to_be_visible()
    page.keyboard.press("n")
    expect(page.locator(".alert.chosen")).to_have_count(1)
    page.keyboard.press("a")
    expect(page.locator(".alert.chosen")).to_contain_text("R. Mendes took note")
    page.keyboard.press("y")
    expect(page.locator(".alert.chosen")).to_contain_text("R. Mendes: right")
    page.keyboard.press("m")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.type(MARKUP)
    page.keyboard.press("Enter")
    expect(page.locator(".marks .note")).to_have_count(1)
    expect(page.get_by_text(MARKUP)).to_be_visible()
    assert page.locator("aside img").count() == 0
    notes = service.http().get("/api/v1/calls/c1/notes").json()["notes"]
    assert [(note["by"], note["text"]) for note in notes] == [("R. Mendes", MARKUP)]


def test_a_link_to_a_moment_opens_there_and_the_sound_that_was_kept_is_played(start_service: StartService, page: Page) -> None:
    service = start_service(audio="flac")
    service.finished_call("c1", {"customer": [CALM] * 4 + [LOUD] * 50, "agent": [0.0] * 4 + [CALM] * 50})
    opened(page, service, "c1?t=8.3")
    expect(page.locator(".at")).to_have_text("0:08.3")
    expect(page.locator(".lane .now").first).to_contain_text("angry")
    alone = page.locator(".lane").first.get_by_role("button", name="alone")
    alone.click()
    expect(page.locator(".lane").nth(1)).to_have_class(re.compile("muted"))
    page.locator("h1").click()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".at")).to_have_text(re.compile(r"0:(09|[1-5]\d)\."))
    page.keyboard.press(" ")
    page.keyboard.press("Home")
    page.keyboard.press("c")
    expect(page.get_by_role("status").filter(has_text=re.compile(r"0:00\.0|t=0\.0"))).to_be_visible()


def test_without_a_sound_the_timeline_plays_at_the_speed_that_is_chosen(service: Service, page: Page) -> None:
    service.finished_call("c1", LEVELS)
    opened(page, service, "c1")
    expect(page.get_by_text("No sound was kept")).to_be_visible()
    page.locator("select").filter(has_text="4 ×").select_option("4")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".at")).to_have_text("0:12.0")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_who_may_listen_in_hears_the_call_less_than_a_second_behind(start_service: StartService, page: Page) -> None:
    service = start_service(privacy=PrivacySection(listen_in=True))
    service.call({"customer": [CALM] * 100, "agent": [LOUD] * 100}, "c1", realtime=True)
    opened(page, service, "c1")
    page.keyboard.press("l")
    expect(page.get_by_text(re.compile(r"listening, 0\.[0-9] s behind"))).to_be_visible()
    page.get_by_role("button", name="Stop listening").click()
    expect(page.get_by_role("button", name="Listen in")).to_be_visible()


def test_without_the_permission_there_is_nothing_to_listen_with(service: Service, page: Page) -> None:
    service.call({"customer": [CALM] * 4}, "c1")
    opened(page, service, "c1")
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    assert page.get_by_role("button", name="Listen in").count() == 0


def test_a_leg_that_privacy_excludes_says_so(start_service: StartService, page: Page) -> None:
    service = start_service(privacy=PrivacySection(subjects=("customer",)))
    service.finished_call("c1", LEVELS)
    opened(page, service, "c1")
    expect(page.locator(".lane").nth(1)).to_contain_text("Not analysed (privacy)")
    expect(page.locator(".lane").first).not_to_contain_text("Not analysed")


def test_sound_that_was_lost_here_is_told_beside_its_leg_and_on_the_board(service: Service, page: Page) -> None:
    call = service.call({"customer": [CALM] * 60}, "c1", realtime=True, overflow=1.24)
    service.finished_call("over", {"customer": [CALM]}, overflow=0.02)
    page.goto(service.url)
    expect(page.locator(".audio", has_text="1.2 s lost here")).to_be_visible()
    opened(page, service, "c1")
    expect(page.locator(".lane .faults")).to_have_text("⚠ 1.2 s lost here")
    call.stop("stopped")
    opened(page, service, "over")
    expect(page.locator(".lane .faults")).to_have_text("⚠ 0.1 s lost here")


def test_a_call_that_is_not_there_is_said_not_to_be(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/calls/nobody")
    expect(page.get_by_role("alert")).to_contain_text("nobody")


def painted(page: Page) -> bool:
    """Whether the lane shows anything."""
    script = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0)"
    return bool(page.locator(".lane canvas").first.evaluate(script))
