"""How others know that the writer of a call lives: by a lock that ends with its process, one for all its calls.

A lock of its own for each call would cost a descriptor each. So a process holds one file, and a call's `writer.lock` is another
name of it (a hard link, by which zarr creates its files, too): who asks whether that is held asks of the process.
"""

import os
import uuid
from pathlib import Path
from typing import BinaryIO

from monitor.store.disk import hold, is_held


class WriterLock:
    """The lock of one process. Its methods need the store's lock."""

    def __init__(self, folder: Path) -> None:
        """`folder` has the locks of all processes; it is made with the first."""
        self._folder = folder
        self._path = folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.lock"
        self._held: BinaryIO | None = None

    def lend(self, to: Path) -> None:
        """Have `to` be held until it is removed or this process ends. Raises `OSError` where the disk refuses."""
        if self._held is None or not self._path.exists():
            self._folder.mkdir(exist_ok=True)
            self._held = hold(self._path)
        os.link(self._path, to)


def remove_dead(folder: Path) -> None:
    """Remove the locks of processes that have ended. Needs the store's lock."""
    for path in folder.glob("*.lock"):
        if not is_held(path):
            path.unlink(missing_ok=True)
