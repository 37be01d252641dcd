"""Pages to judge by listening: in a real browser, from a file, with no network."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lab.pages import PageFolder
from lab.pages.findings import alerts, change_points
from lab.pages.sound import outline
from lab.sound import legs_of
from monitor.config import Settings
from monitor.errors import ConfigError
from tests.browser import PATIENCE, needs_chromium, opened_browser, opened_page
from tests.lab.evaluation.test_evaluate import evaluated
from tests.lab.pages.made_call import LABELLED, LABELS, MARKUP, engine, events, made_call

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_page(browser) as page:
        yield page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of two calls, one of them labelled, and the index."""
    path = tmp_path_factory.mktemp("pages")
    pages = PageFolder(path, engine())
    pages.add(*made_call(path), truth=LABELLED, figures={"EDER": 0.25})
    pages.add(*made_call(path, "another"))
    pages.close()
    return path


def opened(page: Page, file: Path) -> Page:
    page.goto(file.as_uri())
    expect(page.locator("main")).to_have_attribute("data-sound", "ready")
    return page


@needs_chromium
def test_a_page_shows_both_legs_the_alert_the_change_and_the_truth(folder: Path, page: Page) -> None:
    opened(page, folder / "told.html")
    expect(page.locator("h1")).to_have_text("told")
    expect(page.locator(".lane h3")).to_have_text(["customer", "agent"])
    expect(page.locator(".flag")).to_contain_text("customer-angry")
    expect(page.locator(".marks .pin")).to_have_count(1)
    expect(page.locator(".alert .text")).to_have_text("customer sounds angry (0.61), for 2.5 s")
    expect(page.locator(".alert")).to_contain_text("began 0:10.0, said 0:12.5, grew 1 ×, over 0:18.0")
    expect(page.locator(".changes button").first).to_have_attribute("title", "Change; located 0:10.0, first told 0:12.0")
    expect(page.locator("dl", has_text="EDER")).to_contain_text("0.25")
    expect(page.get_by_text("true labels")).to_have_count(2)
    wait_until_painted(page, ".lane canvas")


@needs_chromium
def test_a_page_fetches_nothing(folder: Path, page: Page) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    opened(page, folder / "told.html")
    assert [url for url in fetched if not url.startswith("blob:")] == [(folder / "told.html").as_uri()]


@needs_chromium
def test_a_click_on_the_waveform_seeks(folder: Path, page: Page) -> None:
    opened(page, folder / "told.html")
    expect(page.locator(".lane .word").first).to_have_text("neutral")
    width = page.locator(".plot").first.evaluate("plot => plot.clientWidth")
    page.locator(".plot").first.click(position={"x": width * 0.75, "y": 60})
    expect(page.locator(".at")).to_have_text(re.compile(r"0:(14\.9|15\.0|15\.1)"))
    expect(page.locator(".lane .word").first).to_have_text("angry")


@needs_chromium
def test_a_flag_leads_to_where_the_alert_began_and_to_its_card(folder: Path, page: Page) -> None:
    opened(page, folder / "told.html")
    page.locator(".flag").click()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".at")).to_have_text("0:08.0")
    expect(page.locator(".alert")).to_have_class(re.compile("chosen"))


@needs_chromium
def test_keys_seek_zoom_and_play(folder: Path, page: Page) -> None:
    opened(page, folder / "told.html")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".at")).to_have_text("0:02.0")
    page.keyboard.press("n")
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(page.locator(".flag")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.locator(".flag")).to_be_hidden()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".at")).not_to_have_text("0:00.0")


@needs_chromium
def test_one_leg_is_heard_alone(folder: Path, page: Page) -> None:
    opened(page, folder / "told.html")
    page.locator(".lane").first.get_by_role("button", name="alone").click()
    expect(page.locator(".lane").nth(1)).to_have_class(re.compile("muted"))
    expect(page.locator(".lane").first).not_to_have_class(re.compile("muted"))
    page.keyboard.press("1")
    expect(page.locator(".lane").nth(1)).not_to_have_class(re.compile("muted"))


@needs_chromium
def test_judgements_are_counted_and_saved(folder: Path, page: Page) -> None:
    opened(page, folder / "told.html")
    page.locator(".alert").get_by_role("button", name="wrong").click()
    page.locator(".changes").get_by_role("button", name="right").click()
    expect(page.locator(".tally")).to_contain_text("2 of 2 judged, 1 right")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save judgements").click()
    verdicts = [one["verdict"] for one in json.loads(Path(download.value.path()).read_text())["judgements"]]
    assert (verdicts, download.value.suggested_filename) == (["wrong", "right"], "told.judgements.json")


@needs_chromium
def test_markup_in_names_labels_and_messages_stays_text(tmp_path: Path, page: Page) -> None:
    pages = PageFolder(tmp_path, engine((MARKUP, "neutral")))
    file = pages.add(*made_call(tmp_path, MARKUP, MARKUP), figures={MARKUP: MARKUP})
    index = pages.close()
    opened(page, file)
    expect(page.locator("h1")).to_have_text(MARKUP)
    expect(page.locator(".alert .text")).to_have_text(MARKUP)
    expect(page).not_to_have_title("taken over")
    page.goto(index.as_uri())
    expect(page.locator("tbody a")).to_have_text(MARKUP)
    expect(page).to_have_title("Calls heard")
    assert page.locator("img").count() == 0


@needs_chromium
def test_a_page_without_sound_names_the_recording_and_plays_what_is_opened(tmp_path: Path, page: Page) -> None:
    (tmp_path / "pages").mkdir()
    take, hearing = made_call(tmp_path)
    file = PageFolder(tmp_path / "pages", engine(), embed=False).add(take, hearing)
    opened(page, file)
    expect(page.locator(".silent")).to_be_hidden()
    expect(page.get_by_role("button", name="alone")).to_have_count(0)
    sound = take.path.read_bytes()
    take.path.unlink()
    page.goto(file.as_uri())
    expect(page.locator("p.silent")).to_contain_text("told.wav")
    page.locator("input[type=file]").set_input_files({"name": "told.wav", "mimeType": "audio/wav", "buffer": sound})
    expect(page.locator("main")).to_have_attribute("data-sound", "ready")


@needs_chromium
def test_the_index_lists_the_calls_and_sorts_them(folder: Path, page: Page) -> None:
    page.goto((folder / "index.html").as_uri())
    expect(page.locator("tbody a")).to_have_text(["another", "told"])
    page.get_by_role("button", name="EDER").click()
    expect(page.locator("tbody a")).to_have_text(["told", "another"])
    expect(page.locator("main > dl")).to_contain_text("2 (180.0 an hour)")
    page.get_by_role("link", name="told").click()
    expect(page.locator("h1")).to_have_text("told")


def test_what_pages_are_made_of_is_looked_for_before_anything_is_heard(
    settings: Settings, call_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.pages.html.built_page", lambda: None)
    monkeypatch.setattr("lab.evaluation.evaluate.Listeners", lambda *_: pytest.fail("an engine was loaded"))
    with pytest.raises(ConfigError, match="make web"):
        evaluated(settings, call_file, pages=tmp_path)


def test_events_of_one_change_point_or_alert_are_one_finding() -> None:
    said = events("c", "m")
    (change,), (alert,) = change_points(said), alerts(said)
    assert (change["time"], change["status"], change["known_at"], change["settled_at"]) == (10.0, "confirmed", 12.0, 13.5)
    assert (alert["message"], alert["evidence"], alert["updates"]) == ("m", {"customer.angry": 0.61}, 1)
    assert (alert["time"], alert["raised_at"], alert["cleared_at"]) == (10.0, 12.5, 18.0)


def test_an_outline_has_a_value_for_each_frame_up_to_full_scale(tmp_path: Path) -> None:
    take, _ = made_call(tmp_path)
    customer, agent = (outline(samples) for samples in legs_of(take.open()).values())
    assert (len(customer[0]), len(customer[1])) == (1000, 1000)
    assert 0 < max(customer[1]) < max(customer[0]) <= 255
    assert max(agent[0][250:]) == 0


def test_every_call_has_a_page_of_its_own_whatever_its_name(tmp_path: Path) -> None:
    pages = PageFolder(tmp_path / "new", engine(LABELS), embed=False)
    names = [pages.add(*made_call(tmp_path, name)).name for name in ("a/b", "a b", "../..", "index")]
    assert names == ["a-b.html", "a-b-2.html", "call.html", "index-call.html"]


def test_evaluate_writes_a_page_for_each_recording(settings: Settings, call_file: Path, tmp_path: Path) -> None:
    evaluated(settings, call_file, pages=tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["call.html", "index.html"]


def test_the_page_of_a_labelled_call_tells_how_right_it_was(settings: Settings, call_file: Path, tmp_path: Path) -> None:
    shutil.copy(call_file, tmp_path / "made.wav")
    segments = [{"channel": "customer", "start": 0.5, "end": 5.5, "emotion": "neutral"}]
    segments += [{"channel": "customer", "start": 6.0, "end": 11.5, "emotion": "angry"}]
    changes = [{"channel": "customer", "time": 6.0, "from": "neutral", "to": "angry"}]
    about = {"seconds": 12.0, "channels": ["customer", "agent"], "segments": segments, "changes": changes}
    (tmp_path / "made.json").write_text(json.dumps({**about, "speaker": "s", "dataset": "d", "lang": "en"}))
    evaluated(settings, tmp_path, pages=tmp_path / "pages", baselines=False)
    page = (tmp_path / "pages" / "made.html").read_text()
    assert all(f'"{name}":' in page for name in ("EDER", "anger warned of", "false alerts", "changes found"))
    assert '"true_changes":[{"time":6.0,"before":"neutral","after":"angry"}]' in page


def test_pages_of_clips_alone_are_refused(settings: Settings, clips_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--pages needs calls or recordings"):
        evaluated(settings, clips_folder, pages=tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be made"):
        PageFolder(tmp_path / "file", engine())


def wait_until_painted(page: Page, canvas: str) -> None:
    """Until it shows anything: it is painted once its size is known, which is after the page is there."""
    shows = "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0)"
    page.wait_for_function(
        f"name => {{ const canvas = document.querySelector(name); return canvas.width > 0 && {shows}; }}", arg=canvas
    )
