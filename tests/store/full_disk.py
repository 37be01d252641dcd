"""A disk that is nearly full, at the level of the operating system's calls."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def disk_with_room(room: int) -> Iterator[None]:
    """Within the block, `os.pwrite` takes `room` bytes and refuses all that follow, as a full disk does."""
    really = os.pwrite
    left = room

    def pwrite(descriptor: int, content: bytes, offset: int) -> int:
        nonlocal left
        if left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = really(descriptor, content[:left], offset)
        left -= written
        return written

    with patch("os.pwrite", pwrite):
        yield
