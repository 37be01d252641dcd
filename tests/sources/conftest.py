"""Fixtures of the sources' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sound_server import SoundServer, running_sound_server


@pytest.fixture
def sound_server(tmp_path: Path) -> Iterator[SoundServer]:
    with running_sound_server(tmp_path) as server:
        yield server
