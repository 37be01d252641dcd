"""Clips and recordings that the tests make, and the shipped engine that hears them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lab.hearing.listeners import Listeners
from monitor.config import Settings, load_settings
from tests.engines.compact.conftest import voice

EMOTIONS = ("angry", "happy", "neutral", "sad")


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load_settings(environment={}, flags={"log.level": "error"})


@pytest.fixture(scope="session")
def listeners(settings: Settings) -> Iterator[Listeners]:
    """In this process."""
    with Listeners(settings, jobs=1) as opened:
        yield opened


@pytest.fixture(scope="session")
def clips_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two datasets of two speakers, a clip of each of four emotions: 16 clips of a second, one of them stereo."""
    folder = tmp_path_factory.mktemp("clips")
    rows = ["file,dataset,speaker,lang,emotion"]
    for number in range(16):
        dataset, speaker, emotion = ("one", "two")[number // 8], number // 4 % 2, EMOTIONS[number % 4]
        samples = voice(1.0, 110 + 20 * number, seed=number)
        soundfile.write(folder / f"{number}.wav", np.stack([samples] * 2, axis=1) if number == 5 else samples, 16_000)
        rows.append(f"{number}.wav,{dataset},{speaker},{('de', '')[number // 8]},{emotion}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="session")
def call_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two legs at 8 kHz, 12 s: one that grows loud and high, one that pauses."""
    path = tmp_path_factory.mktemp("recordings") / "call.wav"
    customer = np.concatenate([voice(6.0, 110), 6 * voice(6.0, 260, seed=1)])
    agent = np.concatenate([voice(3.0, 180), np.zeros(16_000 * 9, np.float32)])
    soundfile.write(path, np.stack([customer, agent], axis=1)[::2], 8_000)
    return path
