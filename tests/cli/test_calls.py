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


def test_a_list_shows_the_calls_asked_for(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)

    def found(*options: str) -> list[str]:
        done = emotion_monitor("calls", "list", "--json", "-", *options)
        return [line["call"] for line in json.loads(done.stdout)]

    assert found("--where", "queue:3", "--emotion", "angry", "--leg", "customer", "--sort=-share") == ["call-1"]
    assert found("--where", "queue:4") == []
    done = emotion_monitor("calls", "list", "--where", "queue")
    assert (done.returncode, done.stderr.splitlines()[-1].endswith("is not KEY:VALUE, such as queue:billing")) == (2, True)


def test_insights_are_a_table_of_groups_and_of_rules(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)

    shown = emotion_monitor("insights", "--by", "queue").stdout
    told = json.loads(emotion_monitor("insights", "--by", "weekday", "--timezone", "Europe/Berlin", "--json", "-").stdout)

    row = next(line for line in shown.splitlines() if line.startswith("│ 3 "))
    assert [cell.strip() for cell in row.split("│")][1:3] == ["3", "1"]
    assert (told["by"], told["timezone"], [group["calls"] for group in told["groups"]]) == ("weekday", "Europe/Berlin", [1])
    assert [rule["rule"] for rule in told["rules"] if rule["alerts"]] != []


def test_insights_by_agent_need_the_agent_to_be_analysed(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)
    (tmp_path / "c.yaml").write_text("privacy: {subjects: [customer]}")

    done = emotion_monitor("insights", "--by", "agent_id", "-c", "c.yaml")

    assert (done.returncode, "insights are not told by agent where privacy.subjects leaves the agent out" in done.stderr) == (
        2,
        True,
    )
