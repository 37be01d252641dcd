"""`calls export --parquet`."""

import sys
from pathlib import Path

import pytest

from monitor.conformance.stored_calls import frames_of, record_of
from monitor.datasets import open_store
from monitor.errors import ConfigError
from monitor.frame_format import LegFormat
from tests.cli.conftest import Command
from tests.store.zarr_folder import store_at

FORM = LegFormat(dim=16, classes=3)

pytestmark = pytest.mark.needs("analysis")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder whose store has the calls `call-1` and `call-2` of one day."""
    store = store_at(tmp_path / "emotion-store")
    for call in ("call-1", "call-2"):
        writer = store.create(record_of(call, legs={"customer": FORM}))
        writer.append(frames_of(call, "customer", 0, 100, FORM))
        writer.finish("finished", {})
    return tmp_path


def test_a_call_becomes_a_file(emotion_monitor: Command, kept: Path) -> None:
    import pyarrow.parquet as pq

    done = emotion_monitor("calls", "export", "call-1", "--parquet", "call.parquet", "--embedding", "columns")
    assert (done.returncode, done.stdout, done.stderr) == (0, "call-1: exported to call.parquet\n", "")
    table = pq.read_table(kept / "call.parquet")
    assert (table.num_rows, "embedding_15" in table.column_names) == (100, True)


@pytest.mark.parametrize("named", [["2026-03-01"], ["call-1", "call-2"], ["--all"]])
def test_calls_become_a_dataset(emotion_monitor: Command, kept: Path, named: list[str]) -> None:
    done = emotion_monitor("calls", "export", *named, "--parquet", "frames")
    assert (done.returncode, done.stdout) == (0, "2 calls: exported to frames\n")
    assert sorted(path.name for path in kept.glob("frames/day=2026-03-01/*")) == ["call-1.parquet", "call-2.parquet"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["call-1"], 2, "calls export: name either --to or --parquet"),
        (["call-1", "--to", "a", "--parquet", "b"], 2, "calls export: name either --to or --parquet"),
        (["call-1", "call-2", "--to", "a"], 2, "--to takes one call; several go into --parquet FOLDER"),
        (["--parquet", "frames"], 2, "calls export: name calls, days, or --all"),
        (["--all", "call-1", "--parquet", "frames"], 2, "calls export: name calls, days, or --all"),
        (["2026-03-01", "--parquet", "a.parquet"], 2, "--parquet a.parquet: 2 calls do not go into one file: name a folder"),
        (["call-3", "--parquet", "frames"], 5, "call call-3 is not in this store"),
        (["2026-03-09", "--parquet", "frames"], 2, "2026-03-09: no call that is over"),
        (["--all", "--parquet", "no/frames"], 2, "--parquet no/frames: cannot be written: there is no folder no"),
        (["--all", "--parquet", "frames", "--store", "none"], 5, "no store at none"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    emotion_monitor: Command, kept: Path, arguments: list[str], code: int, said: str
) -> None:
    done = emotion_monitor("calls", "export", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith(f"emotion-monitor: {said}")
    assert not (kept / "frames").exists()


def test_what_is_not_installed_is_said_in_one_line(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.extras.find_spec", lambda module: None if module == "xarray" else sys)
    with pytest.raises(ConfigError, match=r"^opening calls as datasets needs xarray, .*'emotion-monitor\[analysis\]'$"):
        open_store(kept / "emotion-store")
