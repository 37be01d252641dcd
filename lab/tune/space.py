"""What a search may vary: keys of the settings and values of rules, with the range of each, as data.

A further setting is one more line in `SETTINGS`. Ranges are those in which a monitor can be used, not all that is allowed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.alerts.model import Rule
from monitor.config import Settings

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`."""

    low: float
    high: float
    step: float | None = None
    """Between values that are tried; without, values differ by at least a hundredth of themselves."""
    log: bool = False
    """A factor counts the same anywhere in the range."""
    below: str = ""
    """The value is so much below that of another knob, which holds it below."""

    def distribution(self) -> "BaseDistribution":
        """For Optuna."""
        from optuna.distributions import FloatDistribution, IntDistribution

        if isinstance(self.low, int) and isinstance(self.high, int):
            return IntDistribution(self.low, self.high, log=self.log)
        return FloatDistribution(self.low, self.high, step=self.step, log=self.log)

    def value(self, drawn: Value) -> Value:
        """What was drawn, with no more digits than a person would write."""
        if isinstance(drawn, int):
            return drawn
        return round(float(drawn), 6) if self.step else float(f"{float(drawn):.3g}")

    def holds(self, value: Any) -> bool:
        """Whether the value could be drawn."""
        if not isinstance(value, int | float) or not self.low <= value <= self.high:
            return False
        return self.step is None or abs((value - self.low) / self.step - round((value - self.low) / self.step)) < 1e-6


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values."""

    values: tuple[Value, ...]

    def distribution(self) -> "BaseDistribution":
        """For Optuna."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.values)

    def value(self, drawn: Value) -> Value:
        """What was drawn."""
        return drawn

    def holds(self, value: Any) -> bool:
        """Whether the value could be drawn."""
        return value in self.values


@dataclass(frozen=True, slots=True)
class Knob:
    """Something that a search may turn."""

    key: str
    """Key of the settings (`state.enter`), or place in a rule (`rules.NAME.when.emotion.at_least`)."""
    values: Range | Choice
    detector: str = ""
    """The one of `changes.detector` that takes it; empty where all do."""

    @property
    def part(self) -> str:
        """To which part of what may be varied it belongs: engine, state, changes or rules."""
        return self.key.partition(".")[0]

    def is_of(self, names: Sequence[str]) -> bool:
        """Whether one of `names` is its key, or a part that it belongs to: `state`, `rules.customer-angry`."""
        return any(f"{self.key}.".startswith(f"{name}.") for name in names)


SETTINGS: tuple[Knob, ...] = (
    Knob("state.correlation_time", Range(0.1, 5.0, log=True)),
    Knob("state.mean_duration", Range(4.0, 300.0, log=True)),
    Knob("state.prior_neutral", Range(0.2, 0.95, step=0.01)),
    Knob("state.baseline", Range(0.0, 20.0, step=0.5)),
    Knob("state.neutral_lead", Range(0.0, 6.0, step=0.1)),
    Knob("state.smoothing", Range(0.3, 6.0, log=True)),
    Knob("state.enter", Range(0.3, 0.9, step=0.01)),
    Knob("state.leave", Range(0.0, 0.28, step=0.01, below="state.enter")),
    Knob("state.min_hold", Range(0.0, 3.0, step=0.1)),
    Knob("state.speech_threshold", Range(0.3, 0.8, step=0.05)),
    Knob("changes.false_alarms_per_hour", Range(0.5, 60.0, log=True)),
    Knob("changes.buffer", Range(8.0, 60.0, step=1.0)),
    Knob("changes.correlation_time", Range(0.3, 8.0, log=True), detector="bayes"),
    Knob("changes.mean_duration", Range(10.0, 600.0, log=True), detector="bayes"),
    Knob("changes.contrast", Range(0.5, 30.0, log=True), detector="bayes"),
    Knob("changes.dimensions", Range(6, 64, log=True), detector="kernel"),
    Knob("changes.min_segment", Range(0.4, 3.0, step=0.1), detector="kernel"),
    Knob("changes.confirm", Range(0.2, 4.0, step=0.1), detector="kernel"),
)
ENGINES: Mapping[str, tuple[Knob, ...]] = {
    "compact": (),
    "emotion2vec": (
        Knob("engine.window", Choice((2.0, 3.0))),
        Knob("engine.hop", Choice((0.5, 1.0))),
        Knob("engine.lookahead", Choice((0.2, 0.5, 0.9))),
    ),
}
"""Few values, because all calls must be heard again for each. A streaming engine leaves no choice: its lookahead is that of its
weights, and its frames do not depend on window and hop."""
HOLD = Range(0.0, 5.0, step=0.1)
RULES: Mapping[str, Range] = {
    "at_least": Range(0.2, 0.95, step=0.01),
    "above": Range(0.0, 0.8, step=0.01),
    "below": Range(-0.8, 0.0, step=0.01),
    "strength": Range(0.1, 4.0, step=0.1),
}
"""By the name of a rule's value. Not among them: `release` and `cool_down`. Long ones hide false alerts behind one that stands,
which would please any aim and serve nobody."""


def settings_knobs(settings: Settings) -> list[Knob]:
    """The knobs that the engine and the detector in force take."""
    detector = settings.changes.detector
    return [*ENGINES.get(settings.engine.name, ()), *(knob for knob in SETTINGS if knob.detector in ("", detector))]


def rule_knobs(rule: Rule) -> list[Knob]:
    """The hold time and the thresholds that a rule gives."""
    document = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    found = [Knob(f"rules.{rule.name}.hold", HOLD)]
    for path in _leaves(document["when"], ("when",)):
        if path[-1] in RULES:
            found.append(Knob(".".join(("rules", rule.name, *path)), RULES[path[-1]]))
    return found


def _leaves(data: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _leaves(value, (*path, str(index)))
    else:
        yield path
