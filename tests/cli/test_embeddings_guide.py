"""The commands of docs/embeddings.md work as they stand, on the demonstration's call and on files made of it."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import Result
from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.demo import CALL, TURNS

pytestmark = [pytest.mark.needs("analysis"), pytest.mark.slow]

GUIDE = (Path(__file__).parents[2] / "docs" / "embeddings.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^emotion-monitor (?!.*--judged)(.+)$", GUIDE, re.MULTILINE)
"""What people judged takes several calls to learn from: `heads train --judged` is tested in `tests/cli/test_labels.py`."""
DAY = re.compile(r"2026-11-\d\d(\.\.2026-11-\d\d)?")
"""The days of the guide's calls; the call that is there began on the day that its folder is named by."""


def run(command: str) -> Result:
    return CliRunner().invoke(app, shlex.split(command))


def halves() -> list[tuple[str, float, float, str]]:
    """Leg, start, end and mood of the halves of the call's calm and angry turns."""
    turns = [turn for turn in json.loads(TURNS.read_text()) if turn["mood"] in ("neutral", "angry")]
    middles = [(turn["start"] + turn["end"]) / 2 for turn in turns]
    first = [(turn["leg"], turn["start"], middle, turn["mood"]) for turn, middle in zip(turns, middles, strict=True)]
    return first + [(turn["leg"], middle, turn["end"], turn["mood"]) for turn, middle in zip(turns, middles, strict=True)]


def make_files(folder: Path) -> None:
    """What the guide's commands name, beside the stored call: sound, arrays, labels."""
    sound, rate = soundfile.read(CALL, dtype="float32")
    for name in ("recordings", "clips/tones"):
        (folder / name).mkdir(parents=True)
    lines = ["file,label,speaker"]
    rows = ["call,leg,start,end,label,speaker"]
    for number, (leg, start, end, mood) in enumerate(halves()):
        piece = sound[round(start * rate) : round(end * rate), int(leg == "agent")]
        soundfile.write(folder / f"clips/tones/{number}.wav", piece, rate)
        lines.append(f"tones/{number}.wav,{mood},s{number % 5}")
        rows.append(f"CALL,{leg},{start},{end},{mood},s{number % 5}")
    (folder / "clips/labels.csv").write_text("\n".join(lines))
    (folder / "moments.csv").write_text("\n".join(rows))
    soundfile.write(folder / "call.wav", sound[: 20 * rate], rate)
    soundfile.write(folder / "recordings/one.wav", sound[: 10 * rate], rate)
    soundfile.write(folder / "complaint.wav", sound[40 * rate : 50 * rate, 0], rate)
    frames = np.load(folder / "emotion-store/snapshots/CALL/customer/embedding.npy")
    for number in range(1000):
        np.save(folder / f"clips/{number}.npy", frames[number * 4 : number * 4 + 25].astype(np.float32))
    np.save(folder / "features.npy", frames[2000:2200].astype(np.float32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guide")


@pytest.fixture(scope="module")
def results(folder: Path) -> Iterator[dict[str, Result]]:
    """What came of each command, one after the other in one folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(f"run {CALL} --call CALL --quiet").exit_code == 0
        make_files(folder)
        assert run("embeddings extract complaint.wav --granularity frame").exit_code == 0
        [made] = (folder / "outputs").glob("outputs_*")
        made.rename(folder / "outputs/outputs_20260104_223000")
        [call] = (folder / "emotion-store/calls").glob("*/CALL.zarr")
        yield {command: run(DAY.sub(call.parent.name, command)) for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_guide_works(results: dict[str, Result], command: str) -> None:
    done = results[command]
    assert (done.exit_code, done.exception) == (0, None), done.output


@pytest.mark.parametrize(
    "name", re.findall(r"--(?:png|svg|html|parquet|out|to|json|features) ([a-z][\w./-]*)", "\n".join(COMMANDS))
)
def test_what_a_command_is_told_to_write_is_there(results: dict[str, Result], folder: Path, name: str) -> None:
    assert (folder / name).exists()


def test_a_moment_of_the_call_is_found_by_another(results: dict[str, Result]) -> None:
    assert "CALL@" in results["search like CALL@83.2-91.0/customer -k 10"].stdout


def test_the_guide_shows_every_command_of_embeddings() -> None:
    shown = {" ".join(command.split()[:2]) for command in COMMANDS}
    assert shown >= {f"embeddings {name}" for name in ("info", "extract", "clusters", "trajectory", "changes")}
    assert shown >= {"templates make", "templates match", "heads train", "search build", "search like", "calls export"}
