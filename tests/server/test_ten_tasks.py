"""Ten tasks of a supervisor by the keyboard alone: each press is counted, and docs/dashboard.md has what was counted."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import needs_chromium, opened_browser, opened_page
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, PATIENCE, Service, wait_until

DOCUMENTED = Path(__file__).parents[2] / "docs" / "dashboard.md"
ANGRY = {"customer": [CALM] * 4 + [LOUD] * 4 + [CALM] * 32, "agent": [0.0] * 40}
STANDING = {"customer": [CALM] * 2 + [LOUD] * 600, "agent": [0.0] * 602}
EVEN = {"customer": [CALM] * 4, "agent": [0.0] * 4}
NAMES = {" ": "space", "ArrowDown": "↓", "Backspace": "⌫", "Control+Enter": "ctrl+Enter", "Escape": "Esc"}

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE * 1000)


class Keyboard:
    """The keyboard of a page, and what is pressed on it, task by task. A test that has nothing else needs no pointer."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._presses = 0
        self._said: list[str] = []

    def press(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)
        self._presses += len(keys)
        for key, same in groupby(keys):
            times = len(list(same))
            self._said.append(NAMES.get(key, key) + (f" ×{times}" if times > 1 else ""))

    def write(self, text: str) -> None:
        self._page.keyboard.type(text)
        self._presses += len(text)
        self._said.append(f"“{text}”")

    @contextmanager
    def task(self, name: str, at_most: int) -> Iterator[None]:
        """A task that needs no more presses than that, as the documentation says."""
        self._presses, self._said = 0, []
        yield
        row = f"| {name} | {' '.join(self._said)} | {self._presses} |"
        print(row)
        assert self._presses <= at_most, row
        assert row in DOCUMENTED.read_text("utf-8").splitlines()


@pytest.fixture
def service(start_service: StartService) -> Service:
    """One with stored calls, one of them angry, with their sound, and a call that goes on."""
    service = start_service(audio="flac")
    for call, queue, levels in (("even", "sales", EVEN), ("angry", "billing", ANGRY), ("odd", "billing", EVEN)):
        service.finished_call(call, levels, metadata={"queue": queue})
    service.call(EVEN, "live-even", metadata={"queue": "sales", "language": "de"})
    return service


@pytest.fixture
def page() -> Iterator[Page]:
    with opened_browser() as browser, opened_page(browser) as page:
        page.add_init_script("localStorage.setItem('name', 'R. Mendes')")
        page.add_init_script(SOUNDS)
        yield page


def test_ten_tasks_of_a_supervisor_are_done_by_the_keyboard_alone(service: Service, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=service.url)
    page.goto(service.url)
    expect(page.locator(".connection")).to_have_text("live")
    keyboard = Keyboard(page)
    rows, chosen = page.locator("tbody a"), page.locator(".alert.chosen")

    with keyboard.task("find the angriest call", at_most=5):
        keyboard.press("g", "c")
        expect(rows).to_have_count(4)
        keyboard.press("e")
        expect(rows).to_have_text(["angry"])
        keyboard.press("j", "Enter")
        expect(page.locator("h1")).to_have_text("angry")
    expect(page.get_by_role("button", name="alone").first).to_be_visible()

    with keyboard.task("see when it turned", at_most=1):
        keyboard.press("t")
        expect(page.locator(".changes .chosen")).to_have_text(re.compile("customer: neutral → angry"))
        expect(page.locator(".at")).to_have_text(re.compile(r"0:04\.\d"))
    turned = float(page.locator(".at").inner_text().removeprefix("0:"))

    with keyboard.task("hear that moment", at_most=2):
        keyboard.press(" ")
        page.wait_for_function("from => sounds.some(sound => !sound.paused && sound.currentTime > from)", arg=turned)
        keyboard.press(" ")
        expect(page.get_by_role("button", name="Play")).to_be_visible()

    with keyboard.task("judge the alert", at_most=2):
        keyboard.press("n", "y")
        expect(chosen.filter(has_text="sounds angry")).to_contain_text("R. Mendes: right")

    with keyboard.task("send a colleague the moment", at_most=1):
        keyboard.press("c")
        expect(page.locator(".copied")).to_be_visible()
        link = page.evaluate("navigator.clipboard.readText()")
    moment = re.fullmatch(re.escape(f"{service.url}/calls/angry?t=") + r"(\d\.\d)", link)
    assert moment is not None and float(moment[1]) >= turned
    colleague = page.context.new_page()
    colleague.goto(link)
    expect(colleague.locator(".at")).to_have_text(f"0:0{moment[1]}")
    colleague.close()

    with keyboard.task("write a note on a moment", at_most=15):
        keyboard.press("m")
        expect(page.locator("textarea")).to_be_focused()
        keyboard.write("call her back")
        keyboard.press("Enter")
        expect(page.locator(".marks .note")).to_have_count(1)
        expect(page.locator("textarea")).to_have_count(0)  # what is pressed from now on is no part of the note
    assert service.http().get("/api/v1/calls/angry/notes").json()["notes"][0]["text"] == "call her back"

    with keyboard.task("make the rule stricter and see what that would have done", at_most=16):
        keyboard.press("g", "r")
        expect(page.get_by_role("button", name="customer-angry", exact=True)).to_be_visible()
        keyboard.press("j", "Enter")
        keyboard.press(*["ArrowDown"] * 6, "End", *["Backspace"] * 3)
        keyboard.write("9")
        expect(page.get_by_text("no mistake")).to_be_visible()
        keyboard.press("Control+Enter")
        result = page.locator(".result")
        expect(result).to_contain_text("1 would be missing.")
        expect(result).to_contain_text("Of those that would be missing, 1 were judged right and 0 wrong.")

    service.call(STANDING, "live-angry", realtime=True, metadata={"queue": "billing", "language": "en"})
    wait_until(lambda: any(alert["rule"] == "customer-certainly-angry" for alert in service.monitor.alerts()))
    with keyboard.task("acknowledge an open alert", at_most=4):
        keyboard.press("Escape", "g", "a")
        expect(page.locator(".alert", has_text="beyond doubt")).to_be_visible()
        keyboard.press("a")
        expect(chosen).to_contain_text("R. Mendes took note")
    taken = [alert["rule"] for alert in service.monitor.alerts() if alert["acknowledged_by"] == "R. Mendes"]
    assert taken == ["customer-certainly-angry"]

    with keyboard.task("filter the wallboard by queue", at_most=6):
        keyboard.press("g", "w")
        expect(page.get_by_role("link", name="live-angry", exact=True)).to_be_visible()
        keyboard.press("f", "Tab", "s", "Escape")
        expect(page.get_by_role("link", name="live-angry", exact=True)).to_have_count(0)
        expect(page.get_by_role("link", name="live-even", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"where=queue(:|%3A)sales"))

    started = datetime.fromisoformat(service.http().get("/api/v1/calls/angry").json()["started_at"])
    page.clock.set_fixed_time(started + timedelta(days=7))
    with keyboard.task("see last week's insights", at_most=3):
        keyboard.press("g", "i")
        expect(page.get_by_text("No call is of these days.")).to_be_visible()
        keyboard.press("2")
        expect(page.get_by_role("row", name="customer-certainly-angry")).to_be_visible()
    expect(page).to_have_url(re.compile("span=lastweek"))


SOUNDS = """window.sounds = [];
const { play } = HTMLMediaElement.prototype;
HTMLMediaElement.prototype.play = function () {
  window.sounds.push(this);
  return play.call(this);
};"""
"""Has what the page plays at hand: its sound stands nowhere in its document."""
