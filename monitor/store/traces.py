"""Where something is still found of a call that was erased: its id, or words, in the bytes of all files of a store."""

import json
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BLOCK = 4 * 1024 * 1024
"""Bytes that are read together."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that was found; one for each file and spelling."""

    file: str
    """Below the folder that was searched."""
    what: str
    """The id or the words."""
    spelling: str
    """`UTF-8`, `UTF-16`, `JSON`, or `name` where the file itself, or a folder on its way, is called so."""
    offset: int
    """Bytes from the beginning of the file; 0 for a name."""


@dataclass(frozen=True, slots=True)
class _Needle:
    what: str
    spelling: str
    content: bytes
    longer: tuple[bytes, ...]
    """Other texts that contain it, which are not meant."""

    def find(self, content: bytes) -> Iterator[int]:
        """Where it begins, wherever it is meant."""
        if self.content not in content:
            return
        for other in self.longer:
            content = content.replace(other, b"\0" * len(other))
        at = content.find(self.content)
        while at >= 0:
            yield at
            at = content.find(self.content, at + 1)


def traces(folder: Path, wanted: Collection[str], others: Collection[str] = ()) -> Iterator[Trace]:
    """Search every file below a folder; a wanted text that is but a part of one of the `others` (ids of calls) is none.

    Nothing is understood of the files, and so nothing is overlooked: free pages and logs of databases, files half written, what
    is behind the end of a list. Compressed text would not be seen; the store has none. Raises `OSError`, but not for what goes
    meanwhile.
    """
    needles = [needle for text in dict.fromkeys(wanted) for needle in _needles(text, others)]
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders.sort()
        for path in (Path(parent, name) for name in sorted(names)):
            file = str(path.relative_to(folder))
            for needle in needles:
                if needle.spelling == "UTF-8" and any(True for _ in needle.find(os.fsencode(file))):
                    yield Trace(file, needle.what, "name", 0)
            with suppress(FileNotFoundError):
                yield from _in_file(path, file, needles)


def _needles(text: str, others: Collection[str]) -> Iterator[_Needle]:
    longer = [other for other in others if text in other and text != other]
    seen: set[bytes] = set()
    for spelling, spell in _SPELLINGS:
        content = spell(text)
        if content and content not in seen:
            seen.add(content)
            yield _Needle(text, spelling, content, tuple(map(spell, longer)))


_SPELLINGS = (
    ("UTF-8", str.encode),
    ("UTF-16", lambda text: text.encode("utf-16-le")),
    ("UTF-16", lambda text: text.encode("utf-16-be")),
    ("JSON", lambda text: json.dumps(text)[1:-1].encode()),
    ("JSON", lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode()),
)


def _in_file(path: Path, file: str, needles: Collection[_Needle]) -> Iterator[Trace]:
    margin = max((len(content) for needle in needles for content in (needle.content, *needle.longer)), default=0)
    left, window, start = list(needles), b"", 0
    with path.open("rb") as opened:
        while left:
            block = opened.read(BLOCK)
            window += block
            for needle in tuple(left):
                last = len(window) - len(needle.content) - (margin if block else 0)
                found = next((at for at in needle.find(window) if (margin if start else 0) <= at <= last), None)
                if found is not None:
                    left.remove(needle)
                    yield Trace(file, needle.what, needle.spelling, start + found)
            if not block:
                return
            kept = min(len(window), 3 * margin)
            start += len(window) - kept
            window = window[len(window) - kept :]


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
