"""The spool passes the suite of sinks."""

import json
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from monitor.conformance.sinks import *  # noqa: F403
from monitor.conformance.sinks import MakePlace, Place


class SpoolFolder(Place):
    kind = "spool"

    def __init__(self, folder: Path) -> None:
        self._folder, self._away = folder / "spool", folder / "away"
        self._folder.mkdir()
        self.options = {"folder": str(self._folder)}

    def received(self) -> list[dict[str, Any]]:
        spooled = [json.loads(path.read_text()) for place in (self._folder, self._away) for path in place.glob("*.json")]
        return sorted(spooled, key=lambda message: message.get("seq", 0))

    def leave(self) -> None:
        self._folder.rename(self._away)

    def come_back(self) -> None:
        self._away.rename(self._folder)


@pytest.fixture
def make_place(tmp_path: Path) -> MakePlace:
    return lambda: SpoolFolder(Path(mkdtemp(dir=tmp_path)))
