"""A disk that is nearly full, at the level of the operating system's calls."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def disk_with_room(room: int) -> Iterator[None]:
    """Within the block, `os.pwrite` takes `room` bytes beyond the ends of files and refuses what follows, as a full disk.

    What overwrites takes no room.
    """
    really = os.pwrite
    left = room

    def pwrite(descriptor: int, content: bytes, offset: int) -> int:
        nonlocal left
        there = max(0, os.fstat(descriptor).st_size - offset)
        if content and there + left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = really(descriptor, content[: there + left], offset)
        left -= max(0, written - there)
        return written

    with patch("os.pwrite", pwrite):
        yield
