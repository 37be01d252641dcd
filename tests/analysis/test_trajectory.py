"""The way of calls through the space of their embeddings."""

import json
from pathlib import Path

import numpy as np
import pytest

from monitor.analysis import resolve, trajectory
from monitor.analysis.errors import TooFewPointsError
from monitor.analysis.pictures import draw_trajectory, save
from monitor.analysis.space_page import trajectory_page
from monitor.analysis.told_changes import told_changes
from monitor.events import ChangePoint
from monitor.store.zarr.store import ZarrStore
from tests.analysis.spoken import embedding, moods
from tests.browser import PATIENCE, needs_chromium, opened_browser, opened_page

CALM, ANGRY = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]


def way(**arguments: object) -> object:
    one = embedding(moods(CALM, ANGRY), labels=("neutral", "angry"), logits=np.repeat(np.eye(2, dtype=np.float32), 200, axis=0))
    return trajectory([one], changes=lambda _: (4.0,), **arguments)


def test_points_are_in_the_order_of_time_and_apart_where_moods_are() -> None:
    found = way()
    first = found.axes.coordinates[:, 0]
    assert found.points.begins.tolist() == [0.5 * index for index in range(16)]
    assert (np.sign(first[:8]) == -np.sign(first[8:])).all()


def test_axes_say_how_much_of_the_variance_they_show() -> None:
    shares = [int(name.partition("(")[2].partition("%")[0]) for name in way().axes.names]
    assert (shares == sorted(shares, reverse=True), 50 < sum(shares) <= 100) == (True, True)


def test_a_change_is_shown_at_the_first_point_after_it() -> None:
    assert way().change_points() == [(8, 4.0)]


def test_calls_lie_in_one_space() -> None:
    both = [embedding(moods(mean), source=name) for name, mean in (("a.npy", CALM), ("b.npy", ANGRY))]
    apart = trajectory(both)
    assert [(source, len(indices)) for source, indices in apart.lines()] == [("a.npy", 8), ("b.npy", 8)]
    assert np.sign(apart.axes.coordinates[:8, 0]).tolist() == (-np.sign(apart.axes.coordinates[8:, 0])).tolist()


def test_no_line_leads_over_a_long_pause() -> None:
    speaks = np.ones(600, bool)
    speaks[100:300] = False
    found = trajectory([embedding(moods(CALM, frames=600), speaks=speaks)])
    assert [len(run) for run in found.runs(found.lines()[0][1])] == [4, 12]


@pytest.mark.needs("umap")
def test_umap_keeps_neighbours_together() -> None:
    found = trajectory([embedding(moods(CALM, ANGRY, frames=1000))], "umap").axes.coordinates
    within, across = np.linalg.norm(found[:40] - found[0], axis=1), np.linalg.norm(found[40:] - found[0], axis=1)
    assert np.median(within) < np.median(across)


def test_one_point_has_no_axes() -> None:
    with pytest.raises(TooFewPointsError, match="1 point has no axes"):
        trajectory([embedding(moods(CALM, frames=20))])


def test_two_points_lie_on_one_axis() -> None:
    coordinates = trajectory([embedding(moods(CALM, frames=50))]).axes.coordinates
    assert coordinates.shape == (2, 3)
    assert not coordinates[:, 2].any()


def test_change_points_are_those_that_were_confirmed_on_this_leg(store: ZarrStore) -> None:
    known = {"call": "call-1", "strength": 2.0, "before": "neutral", "after": "angry"}
    kept, dropped = {**known, "id": "1", "leg": "customer"}, {**known, "id": "2", "leg": "customer"}
    store.journal.append(ChangePoint(**kept, time=2.4, status="provisional"))
    store.journal.append(ChangePoint(**kept, time=2.5, status="confirmed"))
    store.journal.append(ChangePoint(**dropped, time=3.0, status="provisional"))
    store.journal.append(ChangePoint(**dropped, time=3.0, status="retracted"))
    store.journal.append(ChangePoint(**{**known, "id": "3", "leg": "agent"}, time=3.5, status="confirmed"))
    whole, part = resolve(["call-1/customer", "call-1@3-5/customer"], store)
    assert (told_changes(store.journal, whole), told_changes(store.journal, part)) == ((2.5,), ())


@pytest.mark.parametrize(("colour", "legend"), [("emotion", ["angry", "neutral"]), ("source", ["call-9/customer"])])
def test_the_legend_of_a_picture_says_what_colours_and_signs_tell(colour: str, legend: list[str]) -> None:
    assert [text.get_text() for text in draw_trajectory(way(), colour).legends[0].get_texts()] == legend


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_picture_is_the_same_file(tmp_path: Path, kind: str) -> None:
    for name in ("a", "b"):
        save(draw_trajectory(way()), tmp_path / name, kind)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@needs_chromium
def test_the_page_can_be_turned_and_a_point_that_is_clicked_tells_its_name(tmp_path: Path) -> None:
    (tmp_path / "way.html").write_text(trajectory_page(way(), "emotion"), "utf-8")
    asked: list[str] = []
    with opened_browser() as browser, opened_page(browser) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "way.html").as_uri())
        canvas = page.locator("#space")
        before = canvas.screenshot()
        canvas.press("ArrowRight")
        assert canvas.screenshot() != before
        canvas.press("n")
        assert page.locator("#name").input_value() == "call-9@0.00-0.50/customer"
        page.get_by_role("button", name="4.0 s").click()
        assert page.locator("#name").input_value() == "call-9@4.00-4.50/customer"
        assert page.locator("#facts").inner_text(timeout=PATIENCE).split("\n")[-1].endswith("angry")
        assert page.locator("#legend").inner_text().split() == ["▲", "angry", "●", "neutral"]
    assert asked == [(tmp_path / "way.html").as_uri()]


def test_a_name_cannot_become_markup() -> None:
    evil = "</script><script>alert(1)</script>"
    page = trajectory_page(trajectory([embedding(moods(CALM), source=evil, call="")]))
    assert evil not in page
    assert json.loads(page.partition('id="data">')[2].partition("</script>")[0])["title"] == evil
