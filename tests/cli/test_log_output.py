"""Log lines go to standard error, and a standard error that takes none harms nobody."""

import io
import sys
from typing import Literal

import pytest
import structlog

from monitor.cli.log_output import set_up_logging
from monitor.config.sections import LogSection


class FullDisk(io.StringIO):
    """What standard error is where it is a file on a full disk."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stderr", [closed(), FullDisk(), None], ids=["closed", "full disk", "none"])
def test_a_line_that_cannot_be_written_is_lost_and_the_next_is_not(
    stderr: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up_logging(LogSection())
    log = structlog.get_logger("test")
    monkeypatch.setattr(sys, "stderr", stderr)
    log.error("lost")
    monkeypatch.setattr(sys, "stderr", seen := io.StringIO())
    log.error("said", call="c")
    assert "said" in seen.getvalue()
    assert "lost" not in seen.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_no_values_of_variables(form: Literal["text", "json"], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", seen := io.StringIO())
    set_up_logging(LogSection(format=form))
    token = "-".join(["hidden", "word"])
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        structlog.get_logger("test").exception("failed")
    assert ("ZeroDivisionError" in seen.getvalue(), token in seen.getvalue()) == (True, False)
