"""Four short calls of four customers, two of them neutral to the end, that the shipped engine hears."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lab.calls import LabelledCall, read_calls
from monitor.config import Settings, load_settings
from tests.engines.compact.conftest import voice


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load_settings(environment={}, flags={"log.level": "error"})


@pytest.fixture(scope="session")
def calls_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute each, at 8 kHz; the customer grows loud and high in the middle of two of them."""
    folder = tmp_path_factory.mktemp("calls")
    for number in range(4):
        calm, loud = voice(14.0, 110 + 15 * number, seed=number), 5 * voice(14.0, 240 + 15 * number, seed=9 + number)
        customer = np.concatenate([calm, loud if number % 2 else voice(14.0, 110 + 15 * number, seed=20 + number)])
        agent = np.concatenate([np.zeros(16_000 * 24, np.float32), voice(4.0, 180, seed=number)])
        soundfile.write(folder / f"call{number}.wav", np.stack([customer, agent], axis=1)[::2], 8_000)
        (folder / f"call{number}.json").write_text(json.dumps(_labels(number)))
    return folder


def _labels(number: int) -> dict[str, object]:
    after = "angry" if number % 2 else "neutral"
    return {
        "seconds": 28.0,
        "channels": ["customer", "agent"],
        "speaker": f"s{number}",
        "dataset": "made",
        "segments": [
            {"channel": "customer", "start": 0.2, "end": 13.8, "emotion": "neutral"},
            {"channel": "customer", "start": 14.2, "end": 27.5, "emotion": after},
        ],
    }


@pytest.fixture(scope="session")
def calls(calls_folder: Path) -> list[LabelledCall]:
    return read_calls(calls_folder)
