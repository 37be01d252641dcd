"""A real browser for tests of pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--autoplay-policy=no-user-gesture-required"]

PATIENCE = 60_000
"""Milliseconds for what a busy machine does late; no test waits so long where all is well."""

LATE_KEYS = "Object.defineProperty(Event.prototype, 'timeStamp', { get: () => 1 });"
"""A script: of two keys that belong together the second counts, however late a busy machine presses it."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@contextmanager
def opened_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened_page(browser: Browser, **options: bool) -> Iterator[Page]:
    """A page; what goes wrong in it fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(LATE_KEYS)
    defects: list[str] = []
    page.on("pageerror", lambda error: defects.append(str(error)))
    yield page
    context.close()
    assert defects == []
