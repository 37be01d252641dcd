"""Figures of many calls: counts are added up first and divided then, so long calls weigh more than short ones.

A figure that cannot be given, because what it divides by is nothing, is None.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.calls.alerts import AlertScore
from lab.calls.changes import LegChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFigures:
    """Of change points. F1 = 2 TP / (true + found), without the change at 0 s that TCPDBench gives to everybody."""

    true: int
    found: int
    precision_1s: float | None = None
    recall_1s: float | None = None
    f1_1s: float | None = None
    precision_2s: float | None = None
    recall_2s: float | None = None
    f1_2s: float | None = None
    precision_4s: float | None = None
    recall_4s: float | None = None
    f1_4s: float | None = None
    covering: float | None = None
    """Mean over legs."""
    delay_median: float | None = None
    """Seconds from the onset to the moment at which the change was known, of pairs at most 2 s apart."""
    delay_p95: float | None = None
    suspected_median: float | None = None
    """As `delay_median`, to the moment at which it was first said, provisionally."""
    misplaced_median: float | None = None
    """Distance of place and onset, of the same pairs."""
    false_alarms_per_hour: float | None = None
    """Changes found in calls without any, all scored legs together, an hour of those calls."""
    quiet_hours: float
    """Of calls without change."""
    false_alarms_per_leg_hour: float | None = None
    """Changes found in legs without any, an hour of those legs, also where the call's other leg changes."""
    quiet_leg_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFigures:
    """Of alerts; what counts as which is defined in `alerts.py`."""

    blocks: int
    hits: int
    repeats: int
    false: int
    recall: float | None = None
    """Share of blocks that were hit."""
    recall_calls: float | None = None
    """Share of calls with a block in which one was hit."""
    precision: float | None = None
    f1: float | None = None
    delay_median: float | None = None
    """Seconds from the onset of a block to its alert."""
    delay_p95: float | None = None
    false_per_hour: float | None = None
    """False alerts in calls that stay neutral, an hour of those calls."""
    neutral_hours: float
    false_per_hour_all: float | None = None
    """All false alerts, an hour of all calls."""
    flicker_per_minute: float | None = None
    """Changes of the emotion shown, a minute of leg."""
    true_flicker_per_minute: float | None = None
    """True changes, a minute of leg: what a perfect monitor would have."""


def change_figures(calls: Sequence[Sequence[LegChanges]]) -> ChangeFigures:
    """Of some calls, each given by its legs."""
    legs = [leg for call in calls for leg in call]
    true = sum(len(leg.true) for leg in legs)
    found = sum(len(leg.found) for leg in legs)
    matched = [sum(leg.matched[index] for leg in legs) for index in range(3)]
    quiet_calls = [call for call in calls if call and not any(leg.true for leg in call)]
    quiet_hours = sum(max(leg.seconds for leg in call) for call in quiet_calls) / 3600
    quiet_legs = [leg for leg in legs if not leg.true]
    leg_hours = sum(leg.seconds for leg in quiet_legs) / 3600
    delays = [delay for leg in legs for delay in leg.delays]
    precision = [ratio(pairs, found) for pairs in matched]
    recall = [ratio(pairs, true) for pairs in matched]
    f1 = [ratio(2 * pairs, true + found) for pairs in matched]
    return ChangeFigures(
        true=true,
        found=found,
        precision_1s=precision[0],
        recall_1s=recall[0],
        f1_1s=f1[0],
        precision_2s=precision[1],
        recall_2s=recall[1],
        f1_2s=f1[1],
        precision_4s=precision[2],
        recall_4s=recall[2],
        f1_4s=f1[2],
        covering=mean([leg.covering for leg in legs]),
        delay_median=percentile(delays, 50),
        delay_p95=percentile(delays, 95),
        suspected_median=percentile([delay for leg in legs for delay in leg.suspicions], 50),
        misplaced_median=percentile([abs(distance) for leg in legs for distance in leg.misplaced], 50),
        false_alarms_per_hour=ratio(sum(len(leg.found) for call in quiet_calls for leg in call), quiet_hours),
        quiet_hours=quiet_hours,
        false_alarms_per_leg_hour=ratio(sum(len(leg.found) for leg in quiet_legs), leg_hours),
        quiet_leg_hours=leg_hours,
    )


def alert_figures(
    calls: Sequence[AlertScore], seconds: Sequence[float], neutral: Sequence[bool], flickers: int, changes: int, minutes: float
) -> AlertFigures:
    """Of some calls: their alerts, their length, whether they stay neutral; and of their legs together: changes of the emotion
    shown, true changes, minutes."""
    blocks, hits = sum(len(call.blocks) for call in calls), sum(len(call.hits) for call in calls)
    false = sum(len(call.false) for call in calls)
    of_neutral = [(len(call.false), length) for call, length, calm in zip(calls, seconds, neutral, strict=True) if calm]
    neutral_hours = sum(length for _, length in of_neutral) / 3600
    with_block = [call for call in calls if call.blocks]
    delays = [delay for call in calls for delay in call.delays]
    return AlertFigures(
        blocks=blocks,
        hits=hits,
        repeats=sum(len(call.repeats) for call in calls),
        false=false,
        recall=ratio(hits, blocks),
        recall_calls=ratio(sum(bool(call.hits) for call in with_block), len(with_block)),
        precision=ratio(hits, hits + false),
        f1=ratio(2 * hits, blocks + hits + false),
        delay_median=percentile(delays, 50),
        delay_p95=percentile(delays, 95),
        false_per_hour=ratio(sum(count for count, _ in of_neutral), neutral_hours),
        neutral_hours=neutral_hours,
        false_per_hour_all=ratio(false, sum(seconds) / 3600),
        flicker_per_minute=ratio(flickers, minutes),
        true_flicker_per_minute=ratio(changes, minutes),
    )


def ratio(part: float, whole: float) -> float | None:
    """A share; None where there is nothing to share."""
    return part / whole if whole else None


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return sum(values) / len(values) if values else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """A percentile, interpolated; None of nothing. Values that are not finite (known too late to say when) are left out."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.percentile(finite, share)) if finite else None
