"""Lists of calls and of alerts, from the index."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.errors import ConfigError
from monitor.history.conditions import AlertFilter, CallFilter
from monitor.history.tables import SEVERITIES

FACET_KEYS, FACET_VALUES = 20, 20
"""Of metadata, that a list is told with: the most frequent ones."""
MAX_VALUES = 500
"""Of a key that a list is told with."""
_ORDERS = {
    "started_at": "calls.started_at",
    "seconds": "calls.seconds",
    "call": "calls.call",
    "alerts": "critical * 1000000 + warning * 1000 + info",
    "share": "share",
}
_CALL_COLUMNS = f"call, status, seconds, line, {', '.join(SEVERITIES)}, judged_right, judged_wrong, notes, shares"
_ALERT_COLUMNS = "id, calls.call, rule, severity, leg, time, at, message, raised_at, cleared_at, handled, line"


@dataclass(frozen=True, slots=True)
class Page:
    """What of a list is wanted."""

    limit: int = 100
    offset: int = 0
    sort: str = "-started_at"
    """A key of `_ORDERS`, `-` before it from the greatest on; `share` of the emotion that is asked for."""


def list_calls(database: sqlite3.Connection, wanted: CallFilter, page: Page) -> dict[str, Any]:
    """`calls`, a page of them; `total`, how many there are; `facets`, values of their metadata by key. Raises `ConfigError`."""
    order = _order(wanted, page.sort)
    share = "" if wanted.emotion is None else ", share"
    with _matched(database, wanted) as matched:
        rows = "calls" if matched == "calls" else f"{matched} JOIN calls USING (number)"
        shown = f"SELECT number{share} FROM {rows} ORDER BY {order} LIMIT ? OFFSET ?"  # what is sorted is narrow
        found = database.execute(
            f"SELECT {_CALL_COLUMNS} FROM calls JOIN ({shown}) USING (number) ORDER BY {order}", (page.limit, page.offset)
        ).fetchall()
        (total,) = database.execute(f"SELECT count(*) FROM {matched}").fetchone()
        return {"calls": [_call(*row) for row in found], "total": total, "facets": _facets(database, wanted)}


@contextmanager
def _matched(database: sqlite3.Connection, wanted: CallFilter) -> Iterator[str]:
    """A table of the `number` of each call that is wanted, and its `share` of the emotion; they are looked for once."""
    if wanted.everything:
        yield "calls"
        return
    rows = wanted.numbers()
    share = "" if wanted.emotion is None else ", share"
    database.execute(f"CREATE TEMP TABLE matched AS SELECT number{share} FROM {rows.text}", rows.values)
    try:
        yield "matched"
    finally:
        database.execute("DROP TABLE matched")


def _facets(database: sqlite3.Connection, wanted: CallFilter) -> dict[str, dict[str, int]]:
    """How many of the matched calls have which value of which key of metadata: the most frequent ones.

    Keys that nearly every call has another value of, such as a customer's number, are no choice for anybody and left out.
    """
    keys = [
        key
        for (key,) in database.execute(
            "SELECT key FROM values_of_facts GROUP BY key HAVING count(*) <= ? ORDER BY sum(calls) DESC, key LIMIT ?",
            (MAX_VALUES, FACET_KEYS),
        )
    ]
    marks = ", ".join("?" * len(keys))
    counts: dict[str, list[tuple[int, str]]] = {key: [] for key in keys}
    counting = (
        f"SELECT key, value, calls FROM values_of_facts WHERE key IN ({marks})"
        if wanted.everything
        else "SELECT key, value, count(*) FROM matched CROSS JOIN facts USING (number) "
        f"WHERE key IN ({marks}) GROUP BY key, value"
    )
    for key, value, count in database.execute(counting, keys):
        counts[key].append((-count, value))
    return {key: {value: -count for count, value in sorted(found)[:FACET_VALUES]} for key, found in counts.items() if found}


def list_alerts(database: sqlite3.Connection, wanted: AlertFilter, limit: int, offset: int) -> dict[str, Any]:
    """`alerts`, newest first, a page of them; `total`, how many there are."""
    condition = wanted.condition()
    tables = f"FROM alerts JOIN calls USING (number) WHERE {condition.text}"
    (total,) = database.execute(f"SELECT count(*) {tables}", condition.values).fetchone()
    rows = database.execute(
        f"SELECT {_ALERT_COLUMNS} {tables} ORDER BY seq DESC LIMIT ? OFFSET ?", (*condition.values, limit, offset)
    )
    return {"alerts": [_alert(*row) for row in rows], "total": total}


def alerts_after(database: sqlite3.Connection, wanted: AlertFilter, offset: int, limit: int) -> list[dict[str, Any]]:
    """The alerts that are wanted, oldest first: so many after the first `offset`."""
    condition = wanted.condition()
    rows = database.execute(
        f"SELECT {_ALERT_COLUMNS} FROM alerts JOIN calls USING (number) WHERE {condition.text} ORDER BY seq LIMIT ? OFFSET ?",
        (*condition.values, limit, offset),
    )
    return [_alert(*row) for row in rows]


def _order(wanted: CallFilter, sort: str) -> str:
    name = sort.removeprefix("-")
    if name not in _ORDERS:
        raise ConfigError(f"sort: no {name[:40]!r}; by {', '.join(_ORDERS)}, with - before it from the greatest on")
    if name == "share" and wanted.emotion is None:
        raise ConfigError("sort: name the emotion whose share that is (emotion=angry)")
    way = "DESC" if sort.startswith("-") else "ASC"
    return f"{_ORDERS[name]} {way}, calls.call {way}"


def _call(*row: Any) -> dict[str, Any]:
    call, status, seconds, line, critical, warning, info, right, wrong, notes, shares = row
    document = json.loads(line)
    return {
        "call": call,
        "status": status,
        "started_at": document["started_at"],
        "seconds": seconds,
        **{key: document[key] for key in ("source", "engine", "legs", "bytes", "metadata")},
        "alerts": {"critical": critical, "warning": warning, "info": info},
        "shares": json.loads(shares),
        "judged": {"right": right, "wrong": wrong},
        "notes": notes,
    }


def _alert(*row: Any) -> dict[str, Any]:
    alert, call, rule, severity, leg, time, at, message, raised_at, cleared_at, handled, line = row
    return {
        "id": alert,
        "call": call,
        "rule": rule,
        "severity": severity,
        "leg": leg,
        "time": time,
        "at": at,
        "message": message,
        "raised_at": datetime.fromtimestamp(raised_at, UTC).isoformat(timespec="milliseconds"),
        "cleared_at": cleared_at,
        "seconds": None if cleared_at is None else round(max(cleared_at - at, 0.0), 2),
        "metadata": json.loads(line)["metadata"],
        **json.loads(handled),
    }
