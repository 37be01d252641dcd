"""Where log lines go: standard error, for people or as JSON."""

import logging
import sys
from typing import TextIO, cast

import structlog

from monitor.cli.streams import StandardError
from monitor.config.sections import LogSection


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
        # The default shows the values of local variables: tokens, and what is known of callers.
        plain = structlog.dev.plain_traceback
        steps.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain))
    structlog.configure(
        processors=steps,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=cast("TextIO", StandardError(lambda: sys.stderr))),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
