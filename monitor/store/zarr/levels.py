"""How loud a leg was, a byte a tick beside its frames (`monitor/audio/level.py`): byte `i` is tick `i` of the call.

The position decides, so nothing can be misaligned. Bytes are written before the frames of their ticks are committed: a call
that ends in whatever way has them for all its frames, and what lies beyond is not read. What was never written is 0, unknown.
"""

import os
from pathlib import Path

import numpy as np

from monitor.audio.level import Levels
from monitor.events import Frames
from monitor.frame_format import rows
from monitor.store.disk import PRIVATE, write_all
from monitor.timeline import TICK_FRAMES


def write_levels(path: Path, frames: Frames) -> None:
    """Put the levels of frames in their place, if they have some. Raises `OSError`; it may be repeated."""
    if frames.level is None:
        return
    try:
        descriptor = _open(path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _open(path)
    try:
        write_all(descriptor, frames.level.tobytes(), frames.start // TICK_FRAMES)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, PRIVATE)


def read_levels(path: Path, start: int, stop: int) -> Levels | None:
    """The levels of frames `[start, stop)`; None where none were kept of the leg. Raises `OSError`."""
    ticks = rows(max(stop - start, 0), TICK_FRAMES)
    try:
        with path.open("rb") as file:
            file.seek(start // TICK_FRAMES)
            found = np.frombuffer(file.read(ticks), np.uint8)
    except FileNotFoundError:
        return None
    return np.pad(found, (0, ticks - len(found)))
