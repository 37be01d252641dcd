"""What may be fitted: keys of the settings and values of rules, with the range of each, and settings in which some are varied.

A further setting is one more line in `SETTINGS`. Ranges are those in which a monitor can be used, not all that is allowed.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from monitor.alerts.model import Rule
from monitor.alerts.rules import RuleSet
from monitor.config import Settings


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`; whole ones where both bounds are integers."""

    low: float
    high: float
    log: bool = False
    """A factor counts the same anywhere in the range."""

    def draw(self, generator: np.random.Generator) -> float:
        """One of them, with no more digits than a person would write."""
        low, high = (np.log(self.low), np.log(self.high)) if self.log else (self.low, self.high)
        drawn = generator.uniform(low, high)
        value = float(np.exp(drawn) if self.log else drawn)
        return round(value) if isinstance(self.low, int) and isinstance(self.high, int) else float(f"{value:.3g}")


SETTINGS: Mapping[str, Range] = {
    "state.correlation_time": Range(0.1, 5.0, log=True),
    "state.mean_duration": Range(4.0, 300.0, log=True),
    "state.prior_neutral": Range(0.2, 0.95),
    "state.baseline": Range(0.0, 20.0),
    "state.neutral_lead": Range(0.0, 6.0),
    "state.smoothing": Range(0.3, 6.0, log=True),
    "state.enter": Range(0.3, 0.9),
    "state.leave": Range(0.2, 0.9),
    "state.min_hold": Range(0.0, 3.0),
    "state.speech_threshold": Range(0.3, 0.8),
    "changes.false_alarms_per_hour": Range(0.5, 60.0, log=True),
    "changes.buffer": Range(8.0, 60.0),
}
DETECTORS: Mapping[str, Mapping[str, Range]] = {
    "bayes": {
        "changes.correlation_time": Range(0.3, 8.0, log=True),
        "changes.mean_duration": Range(10.0, 600.0, log=True),
        "changes.contrast": Range(0.5, 30.0, log=True),
    },
    "kernel": {
        "changes.dimensions": Range(6, 64, log=True),
        "changes.min_segment": Range(0.4, 3.0),
        "changes.confirm": Range(0.2, 4.0),
    },
}
"""What one of `changes.detector` takes alone."""
HOLD = Range(0.0, 5.0)
RULES: Mapping[str, Range] = {
    "at_least": Range(0.2, 0.95),
    "above": Range(0.0, 0.8),
    "below": Range(-0.8, 0.0),
    "strength": Range(0.1, 4.0),
}
"""By the name of a rule's value. Not among them: `release` and `cool_down`. Long ones hide false alerts behind one that stands,
which would please any aim and serve nobody."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a call is analysed with."""

    settings: Settings
    rules: RuleSet

    def ranges(self, rules: Sequence[str]) -> dict[str, Range]:
        """What may be varied here, by key: settings that the detector in force takes, and values that some rules give.

        A place in a rule is `rules.NAME.hold` or `rules.NAME.when.emotion.at_least`.
        """
        found = {**SETTINGS, **DETECTORS.get(self.settings.changes.detector, {})}
        for rule in self.rules.rules:
            if rule.name in rules:
                found |= _ranges_of(rule)
        return found

    def value(self, key: str) -> Any:
        """The value of a key as it stands here."""
        return _at(self._tree(), key.split("."))

    def varied(self, values: Mapping[str, float]) -> "Proposal":
        """This proposal with other values of some keys. Raises pydantic's `ValidationError` where settings refuse them."""
        tree = self._tree()
        for key, value in values.items():
            *path, last = key.split(".")
            _at(tree, path)[last] = value
        rules = RuleSet.from_document(list(tree.pop("rules").values()), "tuned rules", self.rules.learned)
        return Proposal(Settings.model_validate(tree), rules)

    def drawn(self, ranges: Mapping[str, Range], generator: np.random.Generator) -> tuple[dict[str, float], "Proposal"]:
        """Other values of some keys, few or all of them, and this proposal with them. What settings refuse is drawn anew."""
        while True:
            keys = generator.permutation(sorted(ranges))[: generator.integers(1, len(ranges), endpoint=True)]
            values = {str(key): ranges[key].draw(generator) for key in keys}
            try:
                return values, self.varied(values)
            except ValidationError:
                continue

    def only(self, names: Collection[str]) -> "Proposal":
        """With no other rules than those of some names: the others do not bear upon them."""
        return replace(self, rules=replace(self.rules, rules=tuple(rule for rule in self.rules.rules if rule.name in names)))

    def _tree(self) -> dict[str, Any]:
        documents = zip(self.rules.rules, self.rules.document(), strict=True)
        rules = {rule.name: {**document, "hold": rule.hold} for rule, document in documents}
        return {**self.settings.model_dump(), "rules": rules}


def _ranges_of(rule: Rule) -> dict[str, Range]:
    document = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    found = {f"rules.{rule.name}.hold": HOLD}
    return found | {f"rules.{rule.name}.when.{'.'.join(path)}": RULES[path[-1]] for path in _leaves(document["when"])}


def _leaves(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths to what of a condition may be varied."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _leaves(value, (*path, str(key)))
    elif path[-1] in RULES:
        yield path


def _at(data: Any, path: Sequence[str]) -> Any:
    for key in path:
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data
