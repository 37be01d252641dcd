"""A folder of pages: one a call, and an index that lists them with their figures."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.calls.labelled import LabelledCall
from lab.hearing.hearing import Hearing
from lab.hearing.takes import Take
from lab.pages.document import Figures, call_document
from lab.pages.html import Renderer
from lab.pages.sound import coded
from lab.sound import legs_of
from monitor.engines.base import EngineInfo
from monitor.errors import ConfigError
from monitor.output_file import write_text


class PageFolder:
    """Writes pages of calls as they are heard, and the index at the end.

    Pages hold the sound of the call unless `embed` is false; then they name the recording, which must stay where it is.
    """

    def __init__(self, folder: Path, engine: EngineInfo, renderer: Renderer | None = None, *, embed: bool = True) -> None:
        """Make the folder. Raises `ConfigError` where that is not possible, or what pages are made of is not here."""
        self._renderer = renderer or Renderer()
        self._folder, self._engine, self._embed = folder, engine, embed
        self._rows: list[dict[str, Any]] = []
        self._names: set[str] = set()
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise ConfigError(f"--pages {folder}: cannot be made: {error.strerror}") from None

    def add(self, take: Take, hearing: Hearing, *, truth: LabelledCall | None = None, figures: Figures | None = None) -> Path:
        """Write the page of a call; returns its file. The sound is that which was heard, over whichever line.

        Raises `SourceError` where it cannot be read again, and `ConfigError` where the page cannot be written.
        """
        audio = legs_of(take.open())
        document = call_document(hearing, self._engine, audio, truth, figures or {})
        sound = coded(audio, tuple(hearing.legs)) if self._embed else b""
        document["recording"] = {"name": take.path.name, "link": None if self._embed else self._link(take.path)}
        name = self._name(hearing.call)
        page = self._renderer(f"{hearing.call}: what was heard", document, sound)
        self._rows.append(_row(document, name))
        return self._write(name, page)

    def close(self) -> Path:
        """Write the index of all pages; returns its file. Raises `ConfigError` where it cannot be written."""
        data = {
            "engine": {"name": self._engine.name, "model": self._engine.model, "licence": self._engine.licence},
            "calls": self._rows,
        }
        return self._write("index.html", self._renderer("Calls heard", data))

    def _link(self, recording: Path) -> str:
        return Path(os.path.relpath(recording.resolve(), self._folder.resolve())).as_posix()

    def _name(self, call: str) -> str:
        """A file name of its own for each call, whatever its id is made of."""
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", call).strip(".-")[:80] or "call"
        stem = f"{stem}-call" if stem == "index" else stem
        name, number = f"{stem}.html", 1
        while name in self._names:
            number += 1
            name = f"{stem}-{number}.html"
        self._names.add(name)
        return name

    def _write(self, name: str, page: str) -> Path:
        path = self._folder / name
        try:
            write_text(path, page)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
        return path


def _row(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A call as the index shows it."""
    return {
        "call": document["call"],
        "page": name,
        "seconds": document["seconds"],
        "legs": [{key: leg[key] for key in ("leg", "emotion", "ticks")} for leg in document["legs"]],
        "alerts": [{key: alert[key] for key in ("rule", "severity", "raised_at")} for alert in document["alerts"]],
        "changes": [{"time": change["time"], "status": change["status"]} for change in document["changes"]],
        "labelled": document["labelled"],
        "figures": document["figures"],
    }
