"""Events that a sink gave up, on a disk: a JSON line each. A file, shared by the service and the command line.

Each line has the event, so an erased call must be erased here too (`erase_letters`).
"""

import json
import os
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path

import structlog

from monitor.store.disk import PRIVATE, exclusively, refusals, replacing, sync_path, write_all
from monitor.store.sink_state import DeadLetter, DeadLetters

log = structlog.get_logger(__name__)
_NAME = "dead-letters.jsonl"


class FileDeadLetters(DeadLetters):
    """Those of one sink, in its `folder`."""

    def __init__(self, folder: Path, fsync: bool) -> None:
        self._path = folder / _NAME
        self._fsync = fsync

    def add(self, letter: DeadLetter, stands: Callable[[], bool]) -> bool:
        """See `DeadLetters`."""
        with refusals(f"cannot write {self._path}"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with exclusively(_lock(self._path)):
                if not stands():
                    return False
                self._append(json.dumps(asdict(letter), ensure_ascii=False).encode() + b"\n")
        return True

    def read(self) -> list[DeadLetter]:
        """See `DeadLetters`."""
        letters = {}
        with refusals(f"cannot read {self._path}"):
            for line in _lines(self._path):
                letter = _decoded(line)
                if letter is None:
                    log.warning("dead_letter_unreadable", path=str(self._path))
                else:
                    letters[letter.seq] = letter
        return sorted(letters.values(), key=lambda letter: letter.seq)

    def remove(self, seqs: Collection[int]) -> None:
        """See `DeadLetters`."""

        def stays(line: bytes) -> bool:
            letter = _decoded(line)
            return letter is None or letter.seq not in seqs

        with refusals(f"cannot write {self._path}"):
            _rewrite(self._path, stays, self._fsync)

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
        try:
            end = os.fstat(descriptor).st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":  # a process died in the middle of a line
                line = b"\n" + line
            try:
                write_all(descriptor, line, end)
                if self._fsync:
                    os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        if self._fsync and not end:
            sync_path(self._path.parent)


def erase_letters(sinks: Path, call: str, fsync: bool) -> int:
    """Blank the dead letters of a call in all sinks below a folder; how many. Raises `OSError` where the disk refuses.

    In their places, so that a full disk lets them go, and no copy of the others is made that a kill could leave behind.
    """
    name = json.dumps(call, ensure_ascii=False).encode()

    def goes(line: bytes) -> bool:
        letter = _decoded(line)
        return name in line if letter is None else letter.message.get("call") == call

    return sum(_blank(path, goes, name, fsync) for path in sorted(sinks.glob(f"*/{_NAME}")))


def _blank(path: Path, goes: Callable[[bytes], bool], name: bytes, fsync: bool) -> int:
    """Overwrite lines by spaces, each behind the call's name first: of one that is half written the name is still there."""
    blanked = 0
    with exclusively(_lock(path)), path.open("rb+", buffering=0) as file:
        start = 0
        for line in file.read().splitlines(keepends=True):
            if name in line and goes(line):
                for position in (line.index(name) + len(name), 0):
                    write_all(file.fileno(), b" " * (len(line) - position - 1) + b"\n", start + position)
                blanked += 1
            start += len(line)
        if blanked and fsync:
            os.fsync(file.fileno())
    return blanked


def _rewrite(path: Path, stays: Callable[[bytes], bool], fsync: bool) -> int:
    if not path.exists():
        return 0
    with exclusively(_lock(path)):
        lines = _lines(path)
        kept = [line for line in lines if stays(line)]
        if len(kept) < len(lines):
            with replacing(path, fsync) as descriptor:
                write_all(descriptor, b"".join(kept), 0)
    return len(lines) - len(kept)


def _lines(path: Path) -> list[bytes]:
    """Without those that were blanked."""
    try:
        return [line for line in path.read_bytes().splitlines(keepends=True) if line.strip()]
    except FileNotFoundError:
        return []


def _decoded(line: bytes) -> DeadLetter | None:
    try:
        letter = DeadLetter(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return letter if isinstance(letter.seq, int) and isinstance(letter.message, dict) else None


def _lock(path: Path) -> Path:
    return path.with_name("lock")
