"""What people said of the alerts of stored calls, against the alerts that other settings and rules would raise on them.

- A judged alert is *kept* if an alert of the same rule and leg still stands at its time (`monitor.replay.alert_spans.compare`).
- precision = right ones kept / all judged ones kept; recall = right ones kept / right ones. Before anything was changed, recall
  is 1 and precision what people found.
- An alert is *new* where nothing was raised then: nobody has judged it. Those raised and not judged count for nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.document import Document
from monitor.alerts.rules import RuleSet
from monitor.events import Event
from monitor.replay.alert_spans import Span, alert_spans, compare

Counts = Mapping[tuple[str, str], int]
"""How many, by rule and what: `right`, `wrong`, `right_kept`, `wrong_kept`, `new`."""


@dataclass(frozen=True, slots=True)
class JudgedAlerts:
    """The alerts of one call as they were raised, with what most people said of those that were judged."""

    raised: tuple[Span, ...]
    """All of the call: `alert_spans` of its messages."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Of the call: some rules are for some calls alone."""

    @property
    def rules(self) -> frozenset[str]:
        """Rules of which an alert was judged."""
        return frozenset(span["rule"] for span in self.raised if span["judged"] is not None)


@dataclass(frozen=True, slots=True)
class JudgedScore:
    """What became of the judged alerts of some calls under some settings and rules."""

    counts: Counts = field(default_factory=dict)
    seconds: float = 0.0
    """Of these calls."""

    def __add__(self, other: "JudgedScore") -> "JudgedScore":
        return JudgedScore(Counter(self.counts) + Counter(other.counts), self.seconds + other.seconds)

    def figures(self, rules: Collection[str] | None = None) -> "JudgedFigures | None":
        """Of some rules together, or of all; None where none of their alerts was judged."""
        total: Counter[str] = Counter()
        for (rule, what), count in self.counts.items():
            if rules is None or rule in rules:
                total[what] += count
        right, wrong, kept, false = (total[what] for what in ("right", "wrong", "right_kept", "wrong_kept"))
        if not right + wrong:
            return None
        return JudgedFigures(
            right=right,
            wrong=wrong,
            right_kept=kept,
            wrong_kept=false,
            precision_raised=right / (right + wrong),
            precision=kept / (kept + false) if kept + false else None,
            recall=kept / right if right else None,
            f1=2 * kept / (kept + false + right) if right else None,
            new=total["new"],
            new_per_hour=total["new"] / (self.seconds / 3600) if self.seconds else None,
        )

    def by_rule(self) -> dict[str, "JudgedFigures"]:
        """Of each rule of which an alert was judged."""
        found = {rule: self.figures([rule]) for rule in sorted({rule for rule, _ in self.counts})}
        return {rule: figures for rule, figures in found.items() if figures is not None}


class JudgedFigures(Document):
    """Figures of judged alerts; what counts as which is defined in `judged.py`."""

    right: int
    wrong: int
    right_kept: int
    wrong_kept: int
    precision_raised: float
    """Share of right ones among those that were raised and judged."""
    precision: float | None = None
    """The same of those that are kept."""
    recall: float | None = None
    """Share of the right ones that are kept."""
    f1: float | None = None
    new: int
    """Raised now alone: nobody has judged them."""
    new_per_hour: float | None = None
    """Of calls with judged alerts."""


NOTHING_JUDGED = JudgedScore()


def rules_for(judged: JudgedAlerts | None, rules: RuleSet) -> RuleSet:
    """Of some rules those that are for a stored call; all for another."""
    return rules if judged is None else rules.of_call(judged.metadata)


def score_judged(judged: JudgedAlerts, events: Iterable[Event], rules: Collection[str], seconds: float) -> JudgedScore:
    """Hold what is raised now (`events`) on a call against what was raised and judged, for rules whose alerts were judged."""
    wanted = judged.rules & frozenset(rules)
    if not wanted:
        return JudgedScore(seconds=seconds)
    compared = compare(list(judged.raised), alert_spans(events), sorted(wanted))
    gone = {span["id"] for span in compared.gone}
    counts: Counter[tuple[str, str]] = Counter((span["rule"], "new") for span in compared.new)
    for span in judged.raised:
        if span["rule"] in wanted and span["judged"] is not None:
            counts[span["rule"], span["judged"]] += 1
            counts[span["rule"], f"{span['judged']}_kept"] += span["id"] not in gone
    return JudgedScore(counts, seconds)


def total(scores: Sequence[JudgedScore]) -> JudgedScore:
    """The sum."""
    return sum(scores, NOTHING_JUDGED)
