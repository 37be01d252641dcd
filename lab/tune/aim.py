"""What is wanted of settings, as a line of text: figures to make large or small, and limits that others must keep.

    alerts.f1 - 0.1 * eder where alerts.false_per_hour <= 2 and alerts.delay_median <= 3

`+` and `-` put figures together, a number before `*` weighs one; the whole is made as large as it goes. A figure that cannot be
given (the delay of alerts where none was raised) adds nothing, and keeps no limit.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lab.calls.figures import summarise
from lab.calls.score import CallScore
from monitor.errors import ConfigError

Figures = Mapping[str, float | None]

NAMED = {
    "changes": "changes.f1_2s where changes.false_alarms_per_leg_hour <= 6",
    "alerts": "alerts.f1 where alerts.false_per_hour <= 1 and alerts.delay_median <= 3",
    "judged": "judged.f1 where judged.new_per_hour <= 1",
    "balanced": "alerts.f1 + changes.f1_2s - eder where alerts.false_per_hour <= 1 and alerts.delay_median <= 3",
}
"""Aims that have a name."""
NEEDS = {
    "alerts.blocks": "no leg is ever in the emotion that the alerts tell of",
    "alerts.neutral_hours": "no call stays neutral",
    "changes.quiet_hours": "there is no call without a change",
    "changes.quiet_leg_hours": "there is no leg without a change",
    "changes.true": "nothing ever changes",
    "judged.right": "no alert was judged right",
}
"""Counts of what labels hold; without it, figures made of it (`MADE_OF`) cannot be given."""
MADE_OF = {
    **dict.fromkeys(
        ["alerts.recall", "alerts.recall_calls", "alerts.f1", "alerts.delay_median", "alerts.delay_p95"], "alerts.blocks"
    ),
    "alerts.false_per_hour": "alerts.neutral_hours",
    **dict.fromkeys(["judged.recall", "judged.f1"], "judged.right"),
    "changes.false_alarms_per_hour": "changes.quiet_hours",
    "changes.false_alarms_per_leg_hour": "changes.quiet_leg_hours",
    **dict.fromkeys(
        [*(f"changes.f1_{seconds}s" for seconds in (1, 2, 4)), "changes.recall_2s", "changes.delay_median"], "changes.true"
    ),
}
REAL = "real.alerts_per_hour"
"""Alerts of all rules about emotion an hour of calls without labels (`--unlabelled`)."""
UNTOLD = 10.0
"""Excess over a limit of a figure that cannot be given."""

_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_FIGURE = r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)?"
_TERM = re.compile(rf"\s*([+-])?\s*(?:({_NUMBER})\s*\*\s*)?({_FIGURE})\s*")
_LIMIT = re.compile(rf"\s*({_FIGURE})\s*(<=|>=)\s*(-?(?:{_NUMBER}))\s*")


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound that a figure must keep."""

    figure: str
    sign: Literal["<=", ">="]
    bound: float

    def excess(self, value: float | None) -> float:
        """By how much the bound is broken, as a share of it; 0 or less where it is kept.

        >>> Limit("eder", "<=", 2.0).excess(3.0)
        0.5
        """
        if value is None:
            return UNTOLD
        beyond = value - self.bound if self.sign == "<=" else self.bound - value
        return beyond / (abs(self.bound) or 1.0)

    def __str__(self) -> str:
        return f"{self.figure} {self.sign} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Aim:
    """A parsed aim."""

    text: str
    terms: tuple[tuple[float, str], ...]
    """Weight and figure."""
    limits: tuple[Limit, ...] = ()

    @property
    def figures(self) -> tuple[str, ...]:
        """All figures named, each once."""
        return tuple(dict.fromkeys([*(figure for _, figure in self.terms), *(limit.figure for limit in self.limits)]))

    def value(self, figures: Figures) -> float:
        """What is to be large."""
        return sum(weight * (figures[figure] or 0.0) for weight, figure in self.terms)

    def excess(self, figures: Figures) -> dict[str, float]:
        """By how much each limit is broken; above 0 is broken. A term that cannot be given breaks one too."""
        untold = {figure: UNTOLD for _, figure in self.terms if figures[figure] is None}
        return untold | {str(limit): limit.excess(figures[limit.figure]) for limit in self.limits}

    def broken(self, figures: Figures) -> float:
        """By how much limits are broken together; 0 where all are kept."""
        return sum(max(0.0, each) for each in self.excess(figures).values())

    def rank(self, figures: Figures) -> tuple[float, float]:
        """The larger, the better: limits come first."""
        return -self.broken(figures), self.value(figures)

    def limited(self, figure: str, bound: float) -> "Aim":
        """This aim with one limit more."""
        limit = Limit(figure, "<=", bound)
        joined = " and " if self.limits else " where "
        return replace(self, text=f"{self.text}{joined}{limit}", limits=(*self.limits, limit))

    def check(self, figures: Figures) -> None:
        """Raise `ConfigError` where the labels of some calls can never give a figure that the aim names."""
        if REAL in self.figures and figures[REAL] is None:
            raise ConfigError(f"--aim: {REAL} cannot be measured: name calls without labels by --unlabelled")
        for figure in self.figures:
            if figure in MADE_OF and not figures[MADE_OF[figure]]:
                raise ConfigError(f"--aim: {figure} cannot be measured on these calls: {NEEDS[MADE_OF[figure]]}")


def figures_of(scores: Sequence[CallScore]) -> dict[str, float | None]:
    """All figures of some calls by the names that an aim uses: those of `evaluate --json` under `calls`."""
    return summarise(scores).by_name()


def parse_aim(text: str) -> Aim:
    """The aim of a text, or of a name in `NAMED`. Raises `ConfigError` saying what of it was not understood.

    >>> aim = parse_aim("changes.f1_2s - 0.5 * eder where alerts.false_per_hour <= 2")
    >>> aim.terms, str(aim.limits[0])
    (((1.0, 'changes.f1_2s'), (-0.5, 'eder')), 'alerts.false_per_hour <= 2')
    """
    whole = NAMED.get(text.strip(), text)
    wanted, where, limited = (part.strip() for part in whole.partition(" where "))
    aim = Aim(whole, tuple(_terms(wanted)), tuple(_limit(part) for part in limited.split(" and ")) if where else ())
    known = figures_of([]) | {REAL: None}
    if unknown := [figure for figure in aim.figures if figure not in known]:
        raise ConfigError(f"--aim: there is no figure {unknown[0]}; there are: {', '.join(sorted(known))}")
    return aim


def _terms(text: str) -> list[tuple[float, str]]:
    terms: list[tuple[float, str]] = []
    at = 0
    while at < len(text) or not terms:
        found = _TERM.match(text, at)
        if found is None or (terms and not found[1]):
            named = ", ".join(NAMED)
            raise ConfigError(
                f"--aim: not understood from {text[at:]!r} on; an aim is one of {named}, or figures put together with + and -, "
                "such as: alerts.f1 + 0.5 * changes.f1_2s where alerts.false_per_hour <= 2"
            )
        terms.append((float(found[2] or 1) * (-1 if found[1] == "-" else 1), found[3]))
        at = found.end()
    return terms


def _limit(text: str) -> Limit:
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise ConfigError(f"--aim: a limit is FIGURE <= NUMBER or FIGURE >= NUMBER, put together with `and`; got {text!r}")
    return Limit(found[1], "<=" if found[2] == "<=" else ">=", float(found[3]))
