"""`calls`: what is shown of stored calls."""

import json
from pathlib import Path

from monitor.config.sections import StoreSection
from monitor.events import Alert
from monitor.frame_format import LegFormat
from monitor.store.zarr.store import ZarrStore
from tests.cli.conftest import Command
from tests.replay.moody_call import DIM, LABELS, begun, live_events


def kept_call(folder: Path) -> int:
    """A finished call in the folder's store, in the journal what was said of it; how many alerts it raised."""
    store = ZarrStore(StoreSection(path=folder / "emotion-store", fsync=False))
    format_ = LegFormat(DIM, len(LABELS))
    writer = begun(store, format_)
    events = live_events(writer, format_)
    for event in events:
        store.journal.append(event)
    writer.finish("inactive", {"customer": {"codec": "pcmu", "packets": 3000, "lost": 2}})
    return sum(isinstance(event, Alert) and event.status == "raised" for event in events)


def test_a_list_shows_what_is_kept_with_a_call_and_its_alerts(emotion_monitor: Command, tmp_path: Path) -> None:
    raised = kept_call(tmp_path)
    row = next(line for line in emotion_monitor("calls", "list").stdout.splitlines() if "call-1" in line)
    cells = [cell.strip() for cell in row.split("│")]
    assert "queue=3" in cells
    assert "customer, agent" in cells
    assert str(raised) in cells
    assert json.loads(emotion_monitor("calls", "list", "--json", "-").stdout)[0]["alerts"] == raised > 0


def test_a_call_is_shown_in_words_and_tables(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)
    shown = emotion_monitor("calls", "show", "call-1").stdout
    assert "status  complete: no audio came any more" in shown
    assert "{" not in shown
    customer = next(line for line in shown.splitlines() if line.startswith("│ customer"))
    assert [cell.strip() for cell in customer.split("│")][2:8] == ["3017", "", "", "pcmu", "3000", "2"]


def test_an_export_into_a_folder_that_is_not_there_is_refused(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)
    done = emotion_monitor("calls", "export", "call-1", "--to", "mistyped/out")
    assert (done.returncode, "there is no folder mistyped" in done.stderr, (tmp_path / "mistyped").exists()) == (2, True, False)
