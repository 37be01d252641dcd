"""Standard output and standard error, where they are files on a full disk, closed pipes, or not there at all.

What is lost behind standard error must end nothing. What cannot be written to standard output is an error, told in a line.
"""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

from monitor.errors import MonitorError


class StandardError:
    """Standard error as it is at the moment; a line that cannot be written there is lost."""

    def __init__(self, now: Callable[[], TextIO | None]) -> None:
        self._now = now

    def write(self, text: str) -> int:
        """Write what can be written. Without a console a standard stream is None."""
        with suppress(OSError, ValueError, AttributeError):
            self._now().write(text)  # type: ignore[union-attr]
        return len(text)

    def flush(self) -> None:
        """Send what can be sent."""
        with suppress(OSError, ValueError, AttributeError):
            self._now().flush()  # type: ignore[union-attr]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._now(), name)


class StandardOutput:
    """Standard output. Raises `MonitorError` where it cannot be written, and `BrokenPipeError` where nobody reads it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or say why not."""
        try:
            return self._stream.write(text)
        except OSError as error:
            raise _refusal(error) from None

    def flush(self) -> None:
        """Send what was written, or say why not."""
        try:
            self._stream.flush()
        except OSError as error:
            raise _refusal(error) from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def set_up_streams() -> None:
    """Put both in place. A descriptor that is closed leads nowhere from then on: no file of the store must get its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    error = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as the program runs
    sys.stderr = StandardError(lambda: error)
    output = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as above
    if isinstance(output, io.TextIOWrapper):
        output.reconfigure(errors="backslashreplace")  # of file names not all is UTF-8, and not every terminal has all of it
    sys.stdout = StandardOutput(output)


def give_up_output() -> None:
    """Lead standard output nowhere: what it still holds must not fail again when the program ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _refusal(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return error
    return MonitorError(f"standard output cannot be written: {(error.strerror or str(error)).lower()}")
