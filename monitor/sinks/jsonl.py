"""A sink that appends each event to a file as a line of JSON.

The file is opened for each event, so it may be moved away at any time, as programs that rotate logs do.
"""

import json
import os
import stat
from pathlib import Path
from typing import ClassVar

from monitor.config.section import Section
from monitor.sinks.base import Delivery, DeliveryError, Sink


class JsonlOptions(Section):
    """What `jsonl` takes."""

    path: Path
    """The file; made where it is missing, its folder not."""


class JsonlSink(Sink):
    """Appends to a file."""

    Options: ClassVar[type[Section]] = JsonlOptions

    def __init__(self, options: JsonlOptions) -> None:
        self._path = options.path

    def deliver(self, delivery: Delivery) -> None:
        """Append a line, and have the disk confirm it."""
        line = json.dumps(delivery.message, ensure_ascii=False).encode() + b"\n"
        try:
            # Without O_NONBLOCK a FIFO that nobody reads would hold this thread for ever.
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC, 0o640)
            try:
                self._append(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise DeliveryError(f"{self._path}: {(error.strerror or str(error)).lower()}") from None

    def _append(self, descriptor: int, line: bytes) -> None:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise DeliveryError(f"{self._path}: it is no file")
        if status.st_size and os.pread(descriptor, 1, status.st_size - 1) != b"\n":
            line = b"\n" + line  # a line that a full disk or a kill cut stays one bad line
        while line:
            line = line[os.write(descriptor, line) :]
        os.fsync(descriptor)
