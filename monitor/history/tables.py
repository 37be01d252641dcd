"""The tables of the history's index, and how a call is put into them and taken out."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from monitor.alerts.standing import AlertSpan
from monitor.events import Leg
from monitor.history.account import CallAccount
from monitor.store.base import CallSummary

VERSION = 2
"""Of the tables, and of what is put into them."""
SEVERITIES = ("critical", "warning", "info")
MAX_FACT = 200
"""Characters of a key or a value of metadata by which calls are found; longer ones are not."""

SCHEMA = (
    "CREATE TABLE position (seq INTEGER NOT NULL, recorded_at TEXT NOT NULL)",
    "INSERT INTO position VALUES (0, '')",
    """CREATE TABLE calls (
    number INTEGER PRIMARY KEY, call TEXT NOT NULL UNIQUE, started_at REAL NOT NULL, status TEXT NOT NULL,
    seconds REAL NOT NULL, line TEXT NOT NULL, words TEXT NOT NULL, settled INTEGER NOT NULL,
    critical INTEGER NOT NULL DEFAULT 0, warning INTEGER NOT NULL DEFAULT 0, info INTEGER NOT NULL DEFAULT 0,
    judged_right INTEGER NOT NULL DEFAULT 0, judged_wrong INTEGER NOT NULL DEFAULT 0, notes INTEGER NOT NULL DEFAULT 0,
    shares TEXT NOT NULL DEFAULT '{}'
)""",
    "CREATE INDEX calls_by_start ON calls (started_at, call)",
    "CREATE INDEX calls_by_status ON calls (status)",
    "CREATE INDEX calls_by_settled ON calls (settled) WHERE settled = 0",
    """CREATE TABLE facts (
    number INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (number, key)
) WITHOUT ROWID""",
    "CREATE INDEX calls_by_fact ON facts (key, value)",
    """CREATE TABLE values_of_facts (
    key TEXT NOT NULL, value TEXT NOT NULL, calls INTEGER NOT NULL, PRIMARY KEY (key, value)
) WITHOUT ROWID""",
    """CREATE TRIGGER fact_added AFTER INSERT ON facts BEGIN
    INSERT INTO values_of_facts VALUES (new.key, new.value, 1) ON CONFLICT DO UPDATE SET calls = calls + 1;
END""",
    """CREATE TRIGGER fact_removed AFTER DELETE ON facts BEGIN
    UPDATE values_of_facts SET calls = calls - 1 WHERE key = old.key AND value = old.value;
    DELETE FROM values_of_facts WHERE key = old.key AND value = old.value AND calls = 0;
END""",
    """CREATE TABLE beliefs (
    number INTEGER NOT NULL, leg TEXT NOT NULL, emotion TEXT NOT NULL, seconds REAL NOT NULL, share REAL NOT NULL,
    PRIMARY KEY (number, leg, emotion)
) WITHOUT ROWID""",
    "CREATE INDEX calls_by_belief ON beliefs (emotion, leg, share)",
    "CREATE TABLE recoveries (number INTEGER NOT NULL, leg TEXT NOT NULL, begun REAL NOT NULL, seconds REAL)",
    "CREATE INDEX recoveries_by_call ON recoveries (number)",
    """CREATE TABLE alerts (
    number INTEGER NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, rule TEXT NOT NULL, severity TEXT NOT NULL,
    leg TEXT, time REAL NOT NULL,
    at REAL NOT NULL, message TEXT NOT NULL, raised_at REAL NOT NULL, cleared_at REAL, handled TEXT NOT NULL,
    acknowledged INTEGER NOT NULL, verdict INTEGER, PRIMARY KEY (number, id)
) WITHOUT ROWID""",
    "CREATE INDEX alerts_by_seq ON alerts (seq)",
    "CREATE INDEX alerts_by_moment ON alerts (raised_at)",
)
_OF_A_CALL = ("facts", "beliefs", "recoveries", "alerts", "calls")
_RESULTS = ("beliefs", "recoveries", "alerts")


def put_line(database: sqlite3.Connection, line: CallSummary, settled: bool) -> int:
    """Put a call's line of the catalogue in, or in the place of the one before; the number of its row."""
    document = {
        "started_at": line.started_at.isoformat(),
        "source": line.source,
        "engine": line.engine,
        "legs": dict(line.legs),
        "bytes": line.bytes,
        "metadata": dict(line.metadata),
    }
    facts = dict(_facts(line.metadata))
    words = " ".join((line.id, line.source, *facts.values())).lower()
    values = (line.started_at.timestamp(), line.status, line.seconds, json.dumps(document), words, settled)
    database.execute(
        "INSERT INTO calls (call, started_at, status, seconds, line, words, settled) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (call) DO UPDATE SET started_at = excluded.started_at, status = excluded.status, "
        "seconds = excluded.seconds, line = excluded.line, words = excluded.words, settled = excluded.settled",
        (line.id, *values),
    )
    number = number_of(database, line.id)
    assert number is not None
    database.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?, ?)", [(number, *fact) for fact in facts.items()])
    return number


def put_progress(database: sqlite3.Connection, call: str, seconds: float, frames: Mapping[Leg, int]) -> None:
    """Put in how far a call in progress is."""
    database.execute(
        "UPDATE calls SET seconds = ?, line = json_set(line, '$.legs', json(?)) WHERE call = ? AND status = 'live'",
        (seconds, json.dumps(dict(frames)), call),
    )


def put_account(database: sqlite3.Connection, number: int, account: CallAccount, end: float | None = None) -> None:
    """Put what a call came to in the place of what it had come to before; `end` is now, where it goes on."""
    for table in _RESULTS:
        database.execute(f"DELETE FROM {table} WHERE number = ?", (number,))
    shares: dict[str, dict[str, float]] = {}
    for leg, seconds in account.seconds(end).items():
        total = sum(seconds.values())
        shares[leg] = {emotion: round(part / total, 4) for emotion, part in seconds.items()}
        rows = [(number, leg, emotion, part, part / total) for emotion, part in seconds.items()]
        database.executemany("INSERT INTO beliefs VALUES (?, ?, ?, ?, ?)", rows)
    recoveries = [
        (number, leg, one.begun, one.seconds) for leg, beliefs in account.beliefs.items() for one in beliefs.recoveries
    ]
    database.executemany("INSERT INTO recoveries VALUES (?, ?, ?, ?)", recoveries)
    spans = list(account.alerts.spans.values())
    database.executemany(f"INSERT INTO alerts VALUES ({', '.join('?' * 14)})", [(number, *_alert(span)) for span in spans])
    counts = {severity: sum(span.latest.severity == severity for span in spans) for severity in SEVERITIES}
    verdicts = [span.verdict for span in spans]
    database.execute(
        "UPDATE calls SET critical = ?, warning = ?, info = ?, judged_right = ?, judged_wrong = ?, notes = ?, shares = ? "
        "WHERE number = ?",
        (*counts.values(), verdicts.count(True), verdicts.count(False), account.notes, json.dumps(shares), number),
    )


def number_of(database: sqlite3.Connection, call: str) -> int | None:
    """The row of a call, if it has one."""
    found = database.execute("SELECT number FROM calls WHERE call = ?", (call,)).fetchone()
    return None if found is None else int(found[0])


def remove(database: sqlite3.Connection, call: str) -> None:
    """Leave nothing of a call."""
    number = number_of(database, call)
    for table in _OF_A_CALL:
        database.execute(f"DELETE FROM {table} WHERE number = ?", (number,))


def empty(database: sqlite3.Connection) -> None:
    """Begin anew."""
    for table in _OF_A_CALL:
        database.execute(f"DELETE FROM {table}")
    database.execute("UPDATE position SET seq = 0, recorded_at = ''")


def _alert(span: AlertSpan) -> tuple[Any, ...]:
    latest = span.latest
    raised = datetime.fromisoformat(getattr(span.raised, "recorded_at", "") or "1970-01-01T00:00:00+00:00")
    return (
        latest.id,
        getattr(span.raised, "seq", 0),
        latest.rule,
        latest.severity,
        latest.leg,
        latest.time,
        span.raised.at,
        span.raised.message,
        raised.timestamp(),
        span.cleared_at,
        json.dumps({key: value for key, value in span.handled().items() if key != "snoozed"}),
        bool(span.acknowledged),
        span.verdict,
    )


def _facts(metadata: Any) -> Iterable[tuple[str, str]]:
    """Keys and values of metadata by which calls are found, as texts."""
    for key, value in dict(metadata).items():
        text = value if isinstance(value, str) else json.dumps(value) if isinstance(value, int | float) else None
        if text is not None and len(text) <= MAX_FACT and len(key) <= MAX_FACT:
            yield key, text
