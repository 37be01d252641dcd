"""What many calls have in common: by time, by metadata, and how right each rule was."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from monitor.errors import ConfigError
from monitor.history.conditions import CallFilter
from monitor.history.tables import MAX_FACT, SEVERITIES

BY_TIME: dict[str, Callable[[datetime], str]] = {
    "hour": lambda begun: f"{begun:%H}",
    "day": lambda begun: f"{begun:%Y-%m-%d}",
    "weekday": lambda begun: str(begun.isoweekday()),
}
"""Groups of calls by when they began, in the viewer's zone: hour of the day (00 to 23), date, ISO weekday (1 is Monday)."""
MAX_GROUPS = 1_000
"""By metadata: the greatest ones."""


@dataclass(slots=True)
class _Group:
    calls: int = 0
    seconds: float = 0.0
    calls_with_alert: int = 0
    alerts: Counter[str] = field(default_factory=Counter)
    believed: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Seconds by leg and emotion."""
    recoveries: list[float] = field(default_factory=list)
    not_recovered: int = 0

    def document(self, key: str) -> dict[str, Any]:
        return {
            "key": key,
            "calls": self.calls,
            "seconds": round(self.seconds, 2),
            "calls_with_alert": self.calls_with_alert,
            "alerts": {severity: self.alerts[severity] for severity in SEVERITIES},
            "shares": {leg: _shares(seconds) for leg, seconds in self.believed.items()},
            "recovery_seconds": {
                "median": round(median(self.recoveries), 2) if self.recoveries else None,
                "n": len(self.recoveries),
                "not_recovered": self.not_recovered,
            },
        }


def insights(database: sqlite3.Connection, wanted: CallFilter, by: str, zone: tzinfo) -> dict[str, Any]:
    """`groups` of the calls that are wanted, by time in `zone` or by a key of metadata; `rules`, with how they were judged.

    `recovery_seconds` are from the moment at which a leg's believed emotion became angry to the first state after it that is
    neither troubled (angry, disgusted, fearful, sad) nor unknown; `not_recovered` counts the spells that no such state ended.
    `precision` is the share of judged alerts that were right.
    """
    chosen = wanted.rows()
    key_of = BY_TIME.get(by)
    keys: dict[int, str] = {}
    groups: dict[str, _Group] = {}
    facts = {} if key_of is not None else dict(database.execute("SELECT number, value FROM facts WHERE key = ?", (by,)))
    rows = database.execute(f"SELECT number, started_at, seconds, {', '.join(SEVERITIES)} FROM {chosen.text}", chosen.values)
    for number, started_at, seconds, *alerts in rows:
        key = key_of(datetime.fromtimestamp(started_at, zone)) if key_of is not None else facts.get(number)
        if key is None:
            continue
        keys[number] = key
        group = groups.setdefault(key, _Group())
        group.calls += 1
        group.seconds += seconds
        group.calls_with_alert += any(alerts)
        for severity, count in zip(SEVERITIES, alerts, strict=True):
            group.alerts[severity] += count
    within, values = ("", ()) if wanted.everything else (f" WHERE number IN (SELECT number FROM {chosen.text})", chosen.values)
    beliefs = database.execute(f"SELECT number, leg, emotion, seconds FROM beliefs{within}", values)
    for number, leg, emotion, seconds in beliefs:
        if number in keys:
            groups[keys[number]].believed[leg][emotion] += seconds
    for number, seconds in database.execute(f"SELECT number, seconds FROM recoveries{within}", values):
        if number in keys:
            group = groups[keys[number]]
            if seconds is None:
                group.not_recovered += 1
            else:
                group.recoveries.append(seconds)
    told = sorted(groups) if key_of is not None else sorted(groups, key=lambda key: (-groups[key].calls, key))[:MAX_GROUPS]
    return {"by": by, "groups": [groups[key].document(key) for key in told], "rules": _rules(database, wanted)}


def check_by(by: str, wanted: CallFilter, agents_may: bool) -> None:
    """Raise `ConfigError` where calls may not be grouped or chosen so: by who took them, where agents are not analysed."""
    if not by or len(by) > MAX_FACT:
        raise ConfigError(f"by: {', '.join(BY_TIME)}, or a key of the calls' metadata")
    named = [key for key in (by, *wanted.where) if by_agent(key)]
    if named and not agents_may:
        raise ConfigError(
            f"{named[0]}: insights are not told by agent where privacy.subjects leaves the agent out; "
            "they would be figures about each agent's conversations"
        )


AGENT_WORDS = frozenset(
    {
        "agent",
        "advisor",
        "adviser",
        "clerk",
        "colleague",
        "employee",
        "operator",
        "rep",
        "representative",
        "staff",
        "user",
        "worker",
    }
)


def by_agent(key: str) -> bool:
    """Whether a key of metadata names who took the call: a word of it is one of `AGENT_WORDS`, in whatever case.

    >>> [by_agent(key) for key in ("agent", "agent_id", "AgentName", "staff-number", "queue", "agency")]
    [True, True, True, True, False, False]
    """
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter if letter.isalnum() else " " for letter in key)
    words = {*spaced.split(), *key.lower().replace("-", " ").replace("_", " ").replace(".", " ").split()}
    return any(word.removesuffix("s") in AGENT_WORDS or word.removesuffix("id") in AGENT_WORDS for word in words)


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises `ConfigError`."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # KeyError: ZoneInfoNotFoundError
        raise ConfigError(f"no time zone {name[:40]!r}; write its IANA name, such as Europe/Berlin") from None


def _rules(database: sqlite3.Connection, wanted: CallFilter) -> list[dict[str, Any]]:
    chosen = wanted.rows()
    rows = database.execute(
        "SELECT rule, count(*), count(verdict), sum(verdict IS 1), sum(verdict IS 0) FROM alerts "
        f"WHERE number IN (SELECT number FROM {chosen.text}) GROUP BY rule ORDER BY count(*) DESC, rule",
        chosen.values,
    )
    return [
        {
            "rule": rule,
            "alerts": alerts,
            "judged": judged,
            "right": right,
            "wrong": wrong,
            "precision": round(right / judged, 4) if judged else None,
        }
        for rule, alerts, judged, right, wrong in rows
    ]


def _shares(seconds: Counter[str]) -> dict[str, float]:
    total = seconds.total()
    return {emotion: round(part / total, 4) for emotion, part in seconds.most_common()} if total else {}
