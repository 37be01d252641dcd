"""Who did what that cannot be undone, or that touches people: one line each in `audit.jsonl` beside the store, and in the log.

A line names the action, who asked for it and from where; of what it was done to the ids alone, never what people said or wrote.
Lines are only ever added. Keeping them in other hands, or for how long, is the operator's (docs/operations.md).
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from starlette.requests import HTTPConnection

from monitor.server.identity import Identity, identity_of
from monitor.store.base import Store

FILE = "audit.jsonl"

log = structlog.get_logger("audit")


class Audit:
    """The lines of one store; where it keeps no files, those of the log are all. From any thread."""

    def __init__(self, store: Store) -> None:
        self._path: Path | None = store.beside(FILE)

    def write(self, action: str, who: Identity | None, address: str, **what: Any) -> None:
        """Add a line. `who` is None where nobody is signed in yet. A disk that refuses ends nothing; the log says it."""
        name, role = (who.name, who.role) if who is not None else (None, None)
        log.info(action, by=name, role=role, address=address, **what)
        if self._path is None:
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "action": action, "by": name, "role": role, "address": address, **what}
        try:
            _append(self._path, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            log.error("audit_not_written", path=str(self._path), error=str(error))


def audit(connection: HTTPConnection, action: str, **what: Any) -> None:
    """Write that whoever is behind a request or websocket did something. It waits for the disk: call it in a worker thread."""
    trail: Audit = connection.app.state.audit
    trail.write(action, identity_of(connection), address_of(connection), **what)


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from; of one behind a proxy, the proxy."""
    return connection.client.host if connection.client is not None else ""


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
