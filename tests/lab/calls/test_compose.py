"""Calls made of clips: the same for a seed, and their labels say what is heard when."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from lab.calls.compose import write_calls
from lab.calls.read import read_calls
from lab.labels import Clip
from monitor.errors import ConfigError
from tests.engines.compact.conftest import voice


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("clips")
    made = []
    for speaker, pitch in (("a", 110), ("b", 200)):
        for emotion in ("neutral", "angry"):
            for number in range(3):
                path = folder / f"{speaker}-{emotion}-{number}.wav"
                soundfile.write(path, 0.5 * voice(0.6, pitch + 10 * number, seed=number), 16_000)
                made.append(Clip(path, "d", speaker, "xx", emotion))
    return made


def test_a_seed_makes_the_same_calls_again(clips: list[Clip], tmp_path: Path) -> None:
    one, again, other = (write_calls(clips, tmp_path / str(n), 2, seed) for n, seed in enumerate((1, 1, 2)))
    texts = [[file.read_text() for file in files] for files in (one, again, other)]
    sounds = [soundfile.read(files[0].with_suffix(".flac"))[0] for files in (one, again)]
    assert texts[0] == texts[1] != texts[2]
    assert np.array_equal(*sounds)


def test_calls_are_read_with_labels_that_hold_together(clips: list[Clip], tmp_path: Path) -> None:
    write_calls(clips, tmp_path, 8, seed=3)
    calls = read_calls(tmp_path)
    turning = [call for call in calls if call.changes]
    assert len(calls) == 8
    assert 0 < len(turning) < 8
    assert {segment.emotion for call in calls for segment in call.of_leg("agent")} == {"neutral"}
    assert all(
        change.time in [segment.start for segment in call.of_leg("customer")] for call in turning for change in call.changes
    )


def test_speech_is_where_the_segments_are(clips: list[Clip], tmp_path: Path) -> None:
    write_calls(clips, tmp_path, 1, seed=3)
    (call,) = read_calls(tmp_path)
    sound, rate = soundfile.read(call.audio)
    spoken = np.zeros(len(sound), bool)
    for segment in call.of_leg("customer"):
        spoken[round(segment.start * rate) - 20 : round(segment.end * rate) + 20] = True
    assert np.abs(sound[~spoken, 0]).max() < 1e-3
    assert np.abs(sound[spoken, 0]).max() > 0.01


def test_clips_of_one_person_make_no_call(clips: list[Clip], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="these clips make no call: it takes two speakers with 3 neutral clips each"):
        write_calls([clip for clip in clips if clip.speaker == "a"], tmp_path, 1, seed=1)
