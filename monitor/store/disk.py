"""Files that are whole or not there, locks that end with their process, and disk errors that a person can read."""

import errno
import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from monitor.errors import StoreError
from monitor.output_file import replacement

_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or move the store (store.path)",
    errno.EDQUOT: "the disk quota is used up; free some space or move the store (store.path)",
    errno.EFBIG: "the file would exceed the size limit of this process (ulimit -f) or file system",
    errno.EROFS: "the file system is read-only; mount it for writing or move the store (store.path)",
    errno.EACCES: "permission denied; give this user the right to write or move the store (store.path)",
    errno.EPERM: "not permitted; give this user the right to write or move the store (store.path)",
    errno.ENOTDIR: "a part of this path is a file, not a folder; correct store.path",
    errno.EEXIST: "a file is in the place of a folder; correct store.path",
    errno.EMFILE: "too many open files; raise the limit of this process (ulimit -n)",
}

PRIVATE = 0o600
"""Mode of all files of a store: calls are nobody else's business, and whoever may open a lock can hold it."""
PATIENCE = 10.0
"""Seconds for which a lock is waited for that others hold for a moment."""

_TEMPORARIES = (".*.tmp", "*.partial")
"""Of `replacing`, and of zarr."""


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Turn an `OSError` into a `StoreError` of one line that starts with `doing`, such as `cannot write call X`."""
    try:
        yield
    except OSError as error:
        reason = _REMEDIES.get(error.errno or 0) or error.strerror or str(error)
        raise StoreError(f"{doing}: {reason}") from error


@contextmanager
def replacing(path: Path, fsync: bool) -> Iterator[int]:
    """A descriptor to write a new file with, which takes the place of `path` when the block ends without an error."""
    with replacement(path) as part:
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
        try:
            yield descriptor
            if fsync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    if fsync:
        sync_path(path.parent)


def write_json(path: Path, document: Any, fsync: bool) -> None:
    """Write a JSON document that is never seen half-written. Raises `ValueError` for numbers that are not finite."""
    with replacing(path, fsync) as descriptor:
        write_all(descriptor, as_json(document), 0)


def as_json(document: Any) -> bytes:
    """A document as people read it. Raises `ValueError` for numbers that are not finite."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def write_all(descriptor: int, content: bytes | memoryview, offset: int) -> None:
    """Write every byte at `offset`; a view must be of bytes. A disk nearly full takes a part and refuses the rest later."""
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view = view[written:]
        offset += written


def sync_path(path: Path) -> None:
    """Have the disk confirm a file or a folder's list of files."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder; what goes at this moment counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
    return total


@contextmanager
def exclusively(lock: Path, patience: float | None = None) -> Iterator[None]:
    """Hold a lock between processes for a moment; waits for `patience` seconds (`PATIENCE`), then raises `OSError`.

    Created where it is missing.
    """
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
    try:
        _take(descriptor, fcntl.LOCK_EX, patience)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def sharing(lock: Path, patience: float | None = None) -> Iterator[None]:
    """Keep `exclusively` out for a moment. Writes nothing; where the lock is missing, nobody ever took it. Waits as it does."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield
        return
    try:
        _take(descriptor, fcntl.LOCK_SH, patience)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, kind: int, patience: float | None) -> None:
    patience = PATIENCE if patience is None else patience
    give_up, pause = time.monotonic() + patience, 0.001
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= give_up:
                waited = f"{round(patience, 1):g} s"
                message = f"another program has held a lock of the store for more than {waited}: end it (fuser, lslocks)"
                raise OSError(errno.ETIMEDOUT, message) from None
        time.sleep(pause)
        pause = min(2 * pause, 0.05)


def takes_a_byte(folder: Path) -> None:
    """Raise `OSError` where nothing can be written in a folder: only writing tells, on a full disk as on a read-only mount."""
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"\0")


def remove_temporaries(folder: Path) -> None:
    """Remove what a process that was killed had begun to write beside its files, in a folder that nobody else writes."""
    for pattern in _TEMPORARIES:
        for left in folder.rglob(pattern):
            left.unlink(missing_ok=True)


def hold(lock: Path) -> BinaryIO:
    """Take a lock and keep it: until the file returned is closed or forgotten, or this process ends in whatever way.

    Raises `BlockingIOError` where another keeps it; one that only looks (`is_held`) has it for a moment, which is waited for,
    `PATIENCE` at most.
    """
    file = lock.open("ab")
    give_up = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    raise
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # refused, too, where another keeps it
                fcntl.flock(file, fcntl.LOCK_UN)
            time.sleep(0.001)
    except OSError:
        file.close()
        raise


def is_held(lock: Path) -> bool:
    """Whether a living process holds a lock that `hold` took."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
