"""Errors that a person is meant to read: one line saying what was wrong and what to do.

The CLI prints the message without a traceback and exits with `exit_code`; the server answers with `http_status`.
Anything else that reaches the top is a defect in this program.
"""


class MonitorError(Exception):
    """Something the user can act on."""

    exit_code = 1
    http_status = 500
    code = ""
    """For programs; empty: the class's name."""


class ConfigError(MonitorError):
    """A setting, flag, rule or request is wrong."""

    exit_code = 2
    http_status = 422


class BusyError(ConfigError):
    """What was asked for is right, but not possible now: too many calls, or the program is stopping."""

    http_status = 503


class SourceError(MonitorError):
    """Audio could not be opened or read."""

    exit_code = 3
    http_status = 422


class EngineError(MonitorError):
    """A model could not be loaded or run."""

    exit_code = 4
    http_status = 503


class StoreError(MonitorError):
    """The store could not be read or written."""

    exit_code = 5
    http_status = 507


class ConflictError(MonitorError):
    """Somebody else changed what was to be changed meanwhile."""

    http_status = 409


class TakenError(StoreError):
    """An id is in use."""

    http_status = 409


class NotFoundError(StoreError):
    """There is no such call, alert or file."""

    http_status = 404


class NotAllowedError(MonitorError):
    """Who asks is known, and may not do that."""

    exit_code = 2
    http_status = 403
    code = "permission"


class TooManyError(MonitorError):
    """More was asked for in a short time than one is allowed."""

    exit_code = 2
    http_status = 429

    def __init__(self, message: str, retry_after: float) -> None:
        """`retry_after` in seconds."""
        super().__init__(message)
        self.retry_after = retry_after
