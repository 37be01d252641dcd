"""How right alerts are: whether somebody who only reads the alerts knows who is angry, and since when.

- A *block* of an emotion is a run of segments of one leg in it, without a segment of another emotion in between; it lasts from
  the start of the first to the end of the last, the other's turns in between included.
- A raised alert belongs to a block of its leg if it is raised from the onset of the block to `grace` seconds after its end.
- The first alert of a block is a *hit*; further ones are *repeats*, neither right nor wrong; an alert of no block is *false*.
- An alert that was already raised when the block began does not hit it: it did not tell anything new.
- recall = hits / blocks; precision = hits / (hits + false); delay = raised minus onset, of hits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.calls.labelled import LabelledCall
from monitor.alerts.rules import RuleSet
from monitor.errors import ConfigError
from monitor.events import LEGS, Alert, Event, Leg

DEFAULT_RULE = "customer-angry"
ANY = "any"
"""In place of a rule's name: every rule that has a condition on the emotion."""


@dataclass(frozen=True, slots=True)
class AlertAim:
    """Which alerts are to tell of what."""

    rules: tuple[str, ...] = (DEFAULT_RULE,)
    """Names of rules whose alerts count."""
    emotion: str = "angry"
    legs: tuple[Leg, ...] = ("customer", "mixed")
    """Legs of which the rules are to tell."""
    grace: float = 2.0
    """Seconds after a block in which an alert still counts as raised in it: what was said last must be heard through."""


def aim_for(rules: RuleSet, names: Sequence[str], emotion: str = "angry") -> AlertAim:
    """The aim of some of the rules in force. Raises `ConfigError` where there is none of a name."""
    about = [rule for rule in rules.rules if any(part.emotion and emotion in part.emotion.is_ for part in rule.when.walk())]
    named = {rule.name: rule for rule in rules.rules}
    if unknown := sorted(set(names) - {ANY, *named}):
        known = ", ".join(named) or "none"
        raise ConfigError(f"there is no rule {', '.join(unknown)} whose alerts could be measured; the rules in force: {known}")
    chosen = about if ANY in names else [named[name] for name in names]
    legs = {leg for rule in chosen for leg in LEGS if {leg, "any", "both"} & set(rule.leg)}
    return AlertAim(tuple(rule.name for rule in chosen), emotion, tuple(leg for leg in LEGS if leg in legs))


def about_emotion(rules: RuleSet) -> frozenset[str]:
    """Names of the rules that look at how somebody sounds, not at silence and overtalk: those that may cry wolf."""
    return frozenset(
        rule.name
        for rule in rules.rules
        if any(part.emotion or part.affect or part.change_point or part.label or part.template for part in rule.when.walk())
    )


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of one leg in one emotion."""

    leg: Leg
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert as it was raised."""

    rule: str
    leg: Leg | None
    """None where it is about the call as a whole."""
    at: float


@dataclass(frozen=True, slots=True)
class AlertScore:
    """What one call's alerts were worth. Times in seconds."""

    blocks: tuple[Block, ...]
    hits: tuple[RaisedAlert, ...]
    repeats: tuple[RaisedAlert, ...]
    false: tuple[RaisedAlert, ...]
    delays: tuple[float, ...]
    """Of the hits."""


def blocks(call: LabelledCall, aim: AlertAim) -> tuple[Block, ...]:
    """The stretches that alerts are to tell of, in the order of their onset."""
    found = []
    for leg in (leg for leg in call.labelled_legs if leg in aim.legs):
        since: float | None = None
        end = 0.0
        for segment in call.of_leg(leg):
            if segment.emotion == aim.emotion:
                since, end = segment.start if since is None else since, segment.end
            elif since is not None:
                found.append(Block(leg, since, end))
                since = None
        if since is not None:
            found.append(Block(leg, since, end))
    return tuple(sorted(found, key=lambda block: (block.start, block.leg)))


def raised_alerts(events: Iterable[Event], aim: AlertAim) -> tuple[RaisedAlert, ...]:
    """The alerts that count, in the order in which they were raised."""
    return tuple(
        RaisedAlert(event.rule, event.leg, event.at)
        for event in events
        if isinstance(event, Alert) and event.status == "raised" and event.rule in aim.rules and event.leg in (*aim.legs, None)
    )


def raised_rules(events: Iterable[Event]) -> list[str]:
    """The rule of each alert that was raised."""
    return [event.rule for event in events if isinstance(event, Alert) and event.status == "raised"]


def score_alerts(true: Iterable[Block], raised: Iterable[RaisedAlert], grace: float) -> AlertScore:
    """Compare alerts with the blocks that they are to tell of."""
    true = tuple(true)
    hit: dict[Block, RaisedAlert] = {}
    repeats: list[RaisedAlert] = []
    false: list[RaisedAlert] = []
    for alert in sorted(raised, key=lambda alert: alert.at):
        at_hand = [block for block in true if alert.leg in (None, block.leg) and block.start <= alert.at <= block.end + grace]
        fresh = [block for block in at_hand if block not in hit]
        if fresh:
            hit[fresh[-1]] = alert
        else:
            (repeats if at_hand else false).append(alert)
    ordered = [(block, hit[block]) for block in true if block in hit]
    return AlertScore(
        blocks=true,
        hits=tuple(alert for _, alert in ordered),
        repeats=tuple(repeats),
        false=tuple(false),
        delays=tuple(alert.at - block.start for block, alert in ordered),
    )
