"""Versions of the rules: kept whole, numbered from 1, never changed."""

import stat
from pathlib import Path

import pytest

from monitor.alerts.versions import RuleVersions
from monitor.errors import NotFoundError, StoreError


@pytest.fixture
def versions(tmp_path: Path) -> RuleVersions:
    return RuleVersions(tmp_path / "store" / "rules")


def test_a_version_keeps_its_text_and_who_saved_it(versions: RuleVersions) -> None:
    versions.save("rules: []\n", origin="configuration", configured=["default"])
    saved = versions.save("rules: [] # ü\n", origin="saved", by="Ann", note="stricter")
    assert versions.all()[-1] == versions.get(2) == saved
    assert (saved.number, saved.by, saved.note, versions.text(saved)) == (2, "Ann", "stricter", "rules: [] # ü\n")
    assert versions.get(1).configured == ("default",)


def test_its_files_are_their_owners_alone(versions: RuleVersions) -> None:
    versions.save("rules: []\n", origin="saved")
    assert {stat.S_IMODE(path.stat().st_mode) for path in versions.folder.iterdir()} == {0o600}
    assert sorted(path.name for path in versions.folder.iterdir()) == ["0001.json", "0001.yaml"]


def test_what_a_crash_left_of_a_version_is_none_and_its_number_is_not_given_again(versions: RuleVersions) -> None:
    versions.save("rules: []\n", origin="saved")
    versions.file(2).write_text("rules: []\n")
    assert [version.number for version in versions.all()] == [1]
    assert versions.save("rules: []\n", origin="saved").number == 3


def test_where_nothing_was_saved_there_is_none(versions: RuleVersions) -> None:
    assert versions.all() == []
    with pytest.raises(NotFoundError, match="no version 1 of the rules"):
        versions.get(1)


def test_a_version_that_cannot_be_read_is_named(versions: RuleVersions) -> None:
    saved = versions.save("rules: []\n", origin="saved")
    (versions.folder / "0001.json").write_text('{"by": 3}')
    with pytest.raises(StoreError, match=r"0001.json: saved_at: field required"):
        versions.all()
    versions.file(1).unlink()
    with pytest.raises(StoreError, match=r"0001.yaml: no such version of the rules"):
        versions.text(saved)


def test_a_folder_that_cannot_be_written_is_told(versions: RuleVersions) -> None:
    versions.folder.parent.write_text("a file")
    with pytest.raises(StoreError, match="cannot read the versions of the rules"):
        versions.save("rules: []\n", origin="saved")
