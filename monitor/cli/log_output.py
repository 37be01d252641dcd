"""Where log lines go: standard error, for people or as JSON."""

import io
import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog

from monitor.config.sections import LogSection


class StandardError(io.TextIOBase):
    """Standard error as it is at the moment.

    A line that cannot be written there is lost: a full disk or a closed pipe behind the log must not end a call.
    """

    def write(self, text: str) -> int:
        """Write what can be written. Without a console `sys.stderr` is None."""
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Send what can be sent."""
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()


def set_up_logging(settings: LogSection) -> None:
    """One configuration for this program's lines and for those of the libraries."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.format == "json":
        steps += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        steps.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    structlog.configure(
        processors=steps,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=cast("TextIO", StandardError())),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
