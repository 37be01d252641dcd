"""Settings and rules with some of their values turned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.tune.space import Knob, Range, Value
from monitor.alerts.rules import RuleSet
from monitor.config import Settings


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a call is analysed with."""

    settings: Settings
    rules: RuleSet

    def of(self, knob: Knob) -> Any:
        """The value of a knob as it stands here."""
        return _tree(self)[knob.key] if knob.part != "rules" else _at(_document(self.rules), knob.key.split(".")[1:])

    def drawn(self, knobs: Sequence[Knob]) -> dict[str, Value]:
        """What a search would have to draw for this proposal; without the knobs whose value it cannot draw."""
        found = {}
        for knob in knobs:
            value = self.of(knob)
            if isinstance(knob.values, Range) and knob.values.below:
                value = round(_tree(self)[knob.values.below] - value, 6)
            if knob.values.holds(value):
                found[knob.key] = value
        return found

    def turned(self, knobs: Sequence[Knob], drawn: Mapping[str, Value]) -> "Proposal":
        """This proposal with each knob at what was drawn for it. Knobs that nothing was drawn for stay as they are."""
        values = {knob.key: knob.values.value(drawn[knob.key]) for knob in knobs if knob.key in drawn}
        for knob in knobs:
            if isinstance(knob.values, Range) and knob.values.below and knob.key in values:
                top = values.get(knob.values.below, _tree(self)[knob.values.below])
                values[knob.key] = round(float(top) - float(values[knob.key]), 6)
        tree = self.settings.model_dump()
        rules = _document(self.rules)
        for key, value in values.items():
            first, *rest = key.split(".")
            _set(rules if first == "rules" else tree[first], rest, value)
        return Proposal(Settings.model_validate(tree), RuleSet.from_document(list(rules.values()), "tuned rules"))

    def only(self, names: Sequence[str]) -> "Proposal":
        """With no other rules than those of some names: the others do not bear upon them."""
        return Proposal(self.settings, RuleSet(tuple(rule for rule in self.rules.rules if rule.name in names)))


def _document(rules: RuleSet) -> dict[str, dict[str, Any]]:
    """Rules by their name. The hold time is there also where it is the default."""
    return {rule.name: {**document, "hold": rule.hold} for rule, document in zip(rules.rules, rules.document(), strict=True)}


def _tree(proposal: Proposal) -> dict[str, Any]:
    """The settings by dotted key."""
    return {
        f"{part}.{key}": value for part in ("engine", "state", "changes") for key, value in getattr(proposal.settings, part)
    }


def _at(data: Any, path: Sequence[str]) -> Any:
    for key in path:
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def _set(data: Any, path: Sequence[str], value: Any) -> None:
    last = path[-1]
    _at(data, path[:-1])[last] = value
