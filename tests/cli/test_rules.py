"""`emotion-monitor rules`: the versions beside a store, and having one come back."""

import json
from pathlib import Path

import pytest

from monitor.alerts.versions import FOLDER, RuleVersions
from tests.cli.conftest import Command
from tests.server.conftest import StartService, start_service
from tests.store.zarr_folder import store_at

__all__ = ["start_service"]

NONE, SOME = (
    "rules: []\n",
    "rules:\n  - {name: quiet, severity: info, leg: agent, when: {silence: {longer_than: 9}}, message: quiet}\n",
)


@pytest.fixture
def versions(tmp_path: Path) -> RuleVersions:
    """Of a store that the commands find."""
    store = store_at(tmp_path / "emotion-store")
    store.check_writable()
    kept = RuleVersions(store.beside(FOLDER))
    kept.save(SOME, origin="configuration", configured=["default"])
    kept.save(NONE, origin="saved", by="Ann", note="quiet please")
    return kept


def test_versions_are_listed_and_shown(emotion_monitor: Command, versions: RuleVersions) -> None:
    listed = json.loads(emotion_monitor("rules", "list", "--json", "-").stdout)["versions"]
    assert [(one["version"], one["origin"], one["by"]) for one in listed] == [(2, "saved", "Ann"), (1, "configuration", None)]
    assert emotion_monitor("rules", "show", "1").stdout == SOME
    missing = emotion_monitor("rules", "show", "3")
    assert (missing.returncode, "there is no version 3" in missing.stderr) == (5, True)


def test_a_version_comes_back_as_the_newest_where_no_service_runs(emotion_monitor: Command, versions: RuleVersions) -> None:
    (versions.folder.parents[1] / "c.yaml").write_text("server: {port: 1}\n")
    done = emotion_monitor("rules", "use", "1", "--by", "Bob", "-c", "c.yaml")
    assert (done.returncode, done.stdout) == (0, "the rules of version 1 are in force again, as version 3\n"), done.stderr
    newest = versions.all()[-1]
    assert (newest.number, newest.by, newest.note, versions.text(newest)) == (3, "Bob", "version 1 again", SOME)


def test_a_service_that_runs_takes_it_at_once(emotion_monitor: Command, start_service: StartService) -> None:
    service = start_service()
    service.http().put("/api/v1/rules", json={"text": NONE, "base": 1}).raise_for_status()
    done = emotion_monitor("rules", "use", "1", "--url", service.url)
    assert done.returncode == 0, done.stderr
    answer = service.http().get("/api/v1/rules").json()
    assert (answer["version"], answer["note"], len(answer["rules"]) > 1) == (3, "version 1 again", True)
