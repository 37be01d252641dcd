"""A row for each pair of values, of the same calls: labelled ones, and real ones that nobody labelled."""

import sys
from pathlib import Path

import pytest
import soundfile

from lab.calls.compose import write_calls
from lab.experiments import operating_point
from lab.labels import Clip
from tests.engines.compact.conftest import voice


def test_each_pair_of_values_has_a_row_of_the_same_angry_stretches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = []
    for speaker, pitch in (("a", 110), ("b", 200)):
        for number in range(6):
            path = tmp_path / f"{speaker}-{number}.wav"
            soundfile.write(path, 0.5 * voice(0.6, pitch + 10 * number, seed=number), 16_000)
            clips.append(Clip(path, "d", speaker, "xx", ("neutral", "angry")[number % 2]))
    write_calls(clips, tmp_path / "calls", 2, seed=3)
    (tmp_path / "real").mkdir()
    soundfile.write(tmp_path / "real" / "call.wav", voice(2.0), 16_000)
    values = ["--correlation", "1.35,8", "--at-least", "0.5,0.9"]
    command = ["operating_point", str(tmp_path / "calls"), "--real", str(tmp_path / "real"), *values]
    monkeypatch.setattr(sys, "argv", command)

    operating_point.main()

    head, _, *rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [row.split("|")[1:3] for row in rows] == [
        [" 1.35 s ", " 0.5 "],
        [" 1.35 s ", " 0.9 "],
        [" 8 s ", " 0.5 "],
        [" 8 s ", " 0.9 "],
    ]
    assert all(row.count("|") == head.count("|") for row in rows)
    assert len({row.split("|")[3].split(" of ")[1] for row in rows}) == 1
