"""Alerts as stretches of a call, folded from their messages; how those of other rules differ from those that were raised."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.alerts.standing import alerts_of
from monitor.events import Event
from monitor.messages import Message

Span = dict[str, Any]
"""The message by which an alert was raised, with `raised_at`, `cleared_at` (None while it is open), the last `evidence`, and
`judged`: what people said of it, `right`, `wrong` or None."""


def alert_spans(said: Iterable[Event | Message]) -> list[Span]:
    """An entry an alert, in the order in which they were raised. What is about no alert is passed over."""
    return [
        {
            **span.raised.as_message(),
            "raised_at": span.raised.at,
            "cleared_at": span.cleared_at,
            "evidence": span.evidence,
            "judged": _JUDGED[span.verdict],
        }
        for span in alerts_of(said)
    ]


_JUDGED = {True: "right", False: "wrong", None: None}


@dataclass(frozen=True, slots=True)
class Compared:
    """What becomes of the alerts of one call under other rules."""

    same: Sequence[Span]
    """Raised then and now: as they would be now, with what people said of them then."""
    new: Sequence[Span]
    """Raised now alone."""
    gone: Sequence[Span]
    """Raised then alone."""
    left_out: Sequence[Span]
    """Raised then, by rules that are not among those that judge now."""


def compare(raised: Iterable[Span], now: Iterable[Span], rules: Collection[str]) -> Compared:
    """Hold the alerts that `rules` raise now against those that were raised.

    Alerts are the same where they are of one rule and leg and stand at one time, if not to the second.
    """
    gone = [span for span in raised if span["rule"] in rules]
    left_out = [span for span in raised if span["rule"] not in rules]
    same, new = [], []
    for span in now:
        match = next((other for other in gone if _alike(span, other)), None)
        if match is None:
            new.append(span)
        else:
            gone.remove(match)
            same.append({**span, "judged": match["judged"]})
    return Compared(same, new, gone, left_out)


def _alike(one: Span, other: Span) -> bool:
    if (one["rule"], one["leg"]) != (other["rule"], other["leg"]):
        return False
    return bool(one["raised_at"] <= _end(other) and other["raised_at"] <= _end(one))


def _end(span: Span) -> float:
    return float("inf") if span["cleared_at"] is None else float(span["cleared_at"])
