"""The versions of the rules of a store: a rule file each, and beside it who made it, when and why.

`0003.yaml` is the text to the letter, and can be named as a rule file anywhere. `0003.json` is written after it: without that
there is no such version. Nothing is ever changed or taken away.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.errors import ConfigError, NotFoundError, StoreError
from monitor.output_file import replacement
from monitor.validation import first_sentence
from monitor.yaml_document import read_text

FOLDER = "rules"
"""Beside a store's calls."""
_NOTE = re.compile(r"(\d{4,9})\.json")
_ANY = re.compile(r"(\d{4,9})\.(json|yaml)")

Origin = Literal["configuration", "saved"]


class _Note(BaseModel):
    """What is kept beside a version's text."""

    model_config = ConfigDict(extra="ignore")

    saved_at: str
    by: str | None = None
    note: str = ""
    origin: Origin
    configured: list[str] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the rules."""

    number: int
    """From 1."""
    saved_at: str
    """Wall clock, ISO 8601 UTC."""
    by: str | None
    """Who saved it; None where it came from the configuration, or nobody said a name."""
    note: str
    origin: Origin
    """`configuration`: taken over from its rule files. `saved`: by a person, on the page or with a command."""
    configured: tuple[str, ...] = ()
    """Of one from the configuration: what its files were, to tell whether they changed."""

    def document(self) -> dict[str, Any]:
        """As the API tells it."""
        return {"version": self.number, "saved_at": self.saved_at, "by": self.by, "note": self.note, "origin": self.origin}


class RuleVersions:
    """Those in `folder`, which is made with the first. One process at a time saves: the one that serves the store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Version]:
        """Oldest first. Raises `StoreError` where one cannot be read."""
        return [self._read(number) for number in sorted(self._numbers(_NOTE))]

    def get(self, number: int) -> Version:
        """Raises `NotFoundError`, or `StoreError` where it cannot be read."""
        if number not in self._numbers(_NOTE):
            raise NotFoundError(f"there is no version {number} of the rules in {self.folder}")
        return self._read(number)

    def text(self, version: Version) -> str:
        """Its rules. Raises `StoreError` where they cannot be read."""
        try:
            return read_text(self.file(version.number), "version of the rules")
        except ConfigError as error:
            raise StoreError(str(error)) from None

    def file(self, number: int) -> Path:
        """Where the text of a version is."""
        return self.folder / f"{number:04d}.yaml"

    def save(
        self, text: str, *, origin: Origin, by: str | None = None, note: str = "", configured: Sequence[str] = ()
    ) -> Version:
        """Keep a text as the newest version. Whether its rules hold is the caller's to check. Raises `StoreError`."""
        number = max(self._numbers(_ANY), default=0) + 1
        at = datetime.now(UTC).isoformat(timespec="seconds")
        kept = _Note(saved_at=at, by=by, note=note, origin=origin, configured=list(configured))
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self.file(number), text)
            _write(self._note(number), json.dumps(kept.model_dump(), ensure_ascii=False, indent=1) + "\n")
        except OSError as error:
            raise StoreError(f"cannot save version {number} of the rules in {self.folder}: {error.strerror}") from None
        return Version(number, at, by, note, origin, tuple(configured))

    def _numbers(self, pattern: re.Pattern[str]) -> set[int]:
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise StoreError(f"cannot read the versions of the rules in {self.folder}: {error.strerror}") from None
        return {int(match[1]) for name in names if (match := pattern.fullmatch(name))}

    def _note(self, number: int) -> Path:
        return self.folder / f"{number:04d}.json"

    def _read(self, number: int) -> Version:
        path = self._note(number)
        try:
            note = _Note.model_validate_json(read_text(path, "version of the rules"))
        except ConfigError as error:
            raise StoreError(str(error)) from None
        except ValidationError as error:
            raise StoreError(f"{path}: {first_sentence(error.errors(), 'the file')}") from None
        return Version(number, note.saved_at, note.by, note.note, note.origin, tuple(note.configured))


def _write(path: Path, text: str) -> None:
    with replacement(path) as part:
        part.touch(0o600)
        part.write_text(text, encoding="utf-8", newline="")
