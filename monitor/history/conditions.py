"""Which calls and alerts are asked for, as conditions of SQL. Every value is a parameter; nothing that is asked becomes SQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal, get_args

from monitor.errors import ConfigError
from monitor.events import Leg
from monitor.store.base import CallStatus

Severity = Literal["critical", "warning", "info"]
Verdict = Literal["right", "wrong", "unjudged"]
Where = Mapping[str, Sequence[str]]
"""Values by key of metadata: any of those of a key, of all keys."""

_RAISED = {severity: severity for severity in get_args(Severity)}
_ALL_RAISED = "critical + warning + info"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of SQL, and its parameters."""

    text: str
    values: tuple[Any, ...] = ()


def both(conditions: Iterable[Condition]) -> Condition:
    """All of them; true where there are none."""
    there = list(conditions)
    return Condition(" AND ".join(one.text for one in there) or "1", tuple(value for one in there for value in one.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls: those that meet all that is not None. Raises `ConfigError` where that cannot be."""

    status: CallStatus | None = None
    begin: datetime | None = None
    """Begun at this moment or later."""
    end: datetime | None = None
    """Begun before this moment."""
    words: str | None = None
    """All of these in id, source or metadata, whatever their case."""
    where: Where = field(default_factory=dict)
    emotion: str | None = None
    """Believed of a leg, for `share_min` (0 to 1) of the time in which anything was."""
    share_min: float | None = None
    leg: Leg | None = None
    """Of this leg, where an emotion is asked for; else calls that have it."""
    severity: Severity | None = None
    alerts_min: int | None = None
    """So many alerts (of the severity, where one is given); 1 where only that is given."""
    min_seconds: float | None = None
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.share_min is not None and self.emotion is None:
            raise ConfigError("share_min: name the emotion whose share that is (emotion=angry)")

    def rows(self) -> Condition:
        """The rows of `calls` that are wanted, as what follows FROM; where an emotion is, with its `share` in each."""
        believed = self._believed()
        joined = f"calls JOIN {believed.text} USING (number)" if believed.text else "calls"
        met = both([*self._of_calls(), *_facts(self.where)])
        return Condition(f"{joined} WHERE {met.text}", (*believed.values, *met.values))

    def numbers(self) -> Condition:
        """As `rows`, where `number` and `share` alone are wanted: calls are not looked at where nothing is asked of them."""
        believed = self._believed()
        if not believed.text or any(self._of_calls()):
            return self.rows()
        met = both(_facts(self.where))
        return Condition(f"{believed.text} WHERE {met.text}", (*believed.values, *met.values))

    @property
    def everything(self) -> bool:
        """Whether all calls are wanted."""
        return self == CallFilter()

    def _of_calls(self) -> Iterable[Condition]:
        """What is asked of columns of `calls`."""
        yield from _within(self.begin, self.end, "calls.started_at")
        if self.status is not None:
            yield Condition("status = ?", (self.status,))
        for word in (self.words or "").lower().split():
            yield Condition("instr(words, ?) > 0", (word,))
        if self.min_seconds is not None:
            yield Condition("calls.seconds >= ?", (self.min_seconds,))
        if self.max_seconds is not None:
            yield Condition("calls.seconds <= ?", (self.max_seconds,))
        if self.leg is not None and self.emotion is None:
            yield Condition("json_type(line, '$.legs.' || ?) IS NOT NULL", (self.leg,))
        if self.severity is not None or self.alerts_min is not None:
            raised = _RAISED[self.severity] if self.severity is not None else _ALL_RAISED
            yield Condition(f"{raised} >= ?", (1 if self.alerts_min is None else self.alerts_min,))

    def _believed(self) -> Condition:
        """`number` and `share` of the calls of which the emotion was believed, as what follows FROM; empty without one."""
        if self.emotion is None:
            return Condition("")
        values = (self.emotion, self.share_min or 0.0)
        if self.leg is None:
            found = "SELECT number, max(share) AS share FROM beliefs WHERE emotion = ? AND share >= ? GROUP BY number"
            return Condition(f"({found})", values)
        return Condition(
            "(SELECT number, share FROM beliefs WHERE emotion = ? AND share >= ? AND leg = ?)", (*values, self.leg)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts: those that meet all that is not None."""

    begin: datetime | None = None
    """Raised at this moment or later."""
    end: datetime | None = None
    call: str | None = None
    rule: str | None = None
    severity: Severity | None = None
    leg: Leg | None = None
    where: Where = field(default_factory=dict)
    """Of calls with such metadata."""
    judged: Verdict | None = None
    acknowledged: bool | None = None

    def condition(self) -> Condition:
        """On a row of `alerts` joined with that of its call in `calls`."""
        return both([*self._plain(), *_within(self.begin, self.end, "raised_at"), *_facts(self.where)])

    def _plain(self) -> Iterable[Condition]:
        names = {"calls.call": self.call, "rule": self.rule, "severity": self.severity, "alerts.leg": self.leg}
        for name, value in names.items():
            if value is not None:
                yield Condition(f"{name} = ?", (value,))
        if self.acknowledged is not None:
            yield Condition("acknowledged = ?", (self.acknowledged,))
        if self.judged is not None:
            yield Condition("verdict IS ?", ({"right": 1, "wrong": 0, "unjudged": None}[self.judged],))


def _within(begin: datetime | None, end: datetime | None, column: str) -> Iterable[Condition]:
    if begin is not None:
        yield Condition(f"{column} >= ?", (begin.timestamp(),))
    if end is not None:
        yield Condition(f"{column} < ?", (end.timestamp(),))


def _facts(where: Where) -> Iterable[Condition]:
    for key, values in where.items():
        marks = ", ".join("?" * len(values))
        yield Condition(f"number IN (SELECT number FROM facts WHERE key = ? AND value IN ({marks}))", (key, *values))


def where_of(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Conditions on metadata as people write them. Raises `ConfigError`.

    >>> where_of(["queue:billing", "queue:sales", "team:a:b"])
    {'queue': ('billing', 'sales'), 'team': ('a:b',)}
    """
    where: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, colon, value = text.partition(":")
        if not (key and colon):
            raise ConfigError(f"where: {text[:40]!r} is not KEY:VALUE, such as queue:billing")
        where[key] = (*where.get(key, ()), value)
    return where


def moment(text: str, zone: tzinfo = UTC, *, end: bool = False) -> datetime:
    """A day or a moment in ISO 8601, in `zone` where it does not say; a day that is an `end` is over with it.

    Raises `ConfigError`.

    >>> moment("2026-11-07", end=True).isoformat()
    '2026-11-08T00:00:00+00:00'
    """
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        found.timestamp()
        return found + timedelta(days=1) if end and len(text.strip()) <= len("2026-11-07") else found
    except (ValueError, OverflowError):
        raise ConfigError(f"not a day or a moment: {text[:40]!r}; write 2026-11-07 or 2026-11-07T09:30:00+01:00") from None


def span_of(begin: str | None, end: str | None, zone: tzinfo = UTC) -> tuple[datetime | None, datetime | None]:
    """From and to, in `zone` where they do not say. Raises `ConfigError` where they are no moments, or the wrong way round."""
    first = None if begin is None else moment(begin, zone)
    last = None if end is None else moment(end, zone, end=True)
    if first is not None and last is not None and last < first:
        raise ConfigError(f"to ({end}) must not be before from ({begin})")
    return first, last
