"""Rules tried on stored calls: what they would raise that was not raised, what would be missing, and how it was judged.

A rule with which a call was heard raises on it what it raised then: a replay equals the live call. So only rules that are new
to a call are judged over its frames, and where there is none, no frame is read. What was raised is read from the journal; of a
call whose events were dropped (`store.journal_days`) it is replayed.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from monitor.alerts.model import Rule
from monitor.alerts.rules import RuleSet
from monitor.errors import StoreError
from monitor.messages import recorded
from monitor.replay.alert_spans import Compared, Span, alert_spans, compare
from monitor.replay.player import replay_events
from monitor.replay.reevaluate import judge
from monitor.store.base import StoredCall
from monitor.store.journal import Journal

Part = Literal["same", "new", "gone"]
PARTS: tuple[Part, ...] = ("same", "new", "gone")


class Trial:
    """Some rules, and what became of the calls that they were tried on."""

    def __init__(
        self, rules: RuleSet, raised: Callable[[str], Sequence[Span] | None], instead_of: Collection[str] | None = None
    ) -> None:
        """`raised`: the alerts of a call when it was heard (`raised_alerts`). `instead_of`: names of rules that these are in
        the place of, so that alerts of one that is left away are gone; None: those of the same names alone."""
        self.rules = rules
        self.names = tuple(dict.fromkeys((*rules.names, *(instead_of or ()))))
        """Of the rules whose alerts count."""
        self.compared: dict[str, Compared] = {}
        """The calls that were tried."""
        self.failed: dict[str, str] = {}
        """Those that cannot be read, and why."""
        self.seconds = 0.0
        """Of the calls that were tried."""
        self._raised = raised

    def take(self, stored: StoredCall, between: Callable[[], object] = lambda: None) -> None:
        """Try the rules on a call; `between` is called now and then, and what it raises ends that. One that cannot be read
        does not stop the rest."""
        call = stored.record.id
        kept = stored.record.settings.get("rules", ())
        known = {rule.name for rule in self.rules.of_call(stored.record.metadata).rules if _heard_with(rule, kept)}
        other = replace(self.rules, rules=tuple(rule for rule in self.rules.rules if rule.name not in known))
        try:
            raised = self._raised(call)
            if raised is None:
                raised = alert_spans(replay_events(stored, between=between))
            now = [span for span in raised if span["rule"] in known]
            if other.of_call(stored.record.metadata).rules:
                now += alert_spans(judge(stored, other, between))
        except StoreError as error:
            self.failed[call] = str(error)
            return
        self.compared[call] = compare(raised, sorted(now, key=lambda span: span["raised_at"]), self.names)
        self.seconds += stored.summary().seconds

    def spans(self, part: Part) -> list[Span]:
        """The alerts that are the same, new or gone, in the order of the calls."""
        return [span for one in self.compared.values() for span in getattr(one, part)]

    def by_rule(self) -> list[dict[str, Any]]:
        """How many alerts of each rule were raised, and would be; how those that are the same were judged."""
        counts = {part: Counter(span["rule"] for span in self.spans(part)) for part in PARTS}
        judged = Counter((span["rule"], span["judged"]) for span in self.spans("same"))
        return [
            {
                "rule": name,
                "raised": counts["same"][name] + counts["gone"][name],
                "would_be": counts["same"][name] + counts["new"][name],
                **{part: counts[part][name] for part in PARTS},
                "judged_right": judged[name, "right"],
                "judged_wrong": judged[name, "wrong"],
            }
            for name in self.names
        ]

    def left_out(self) -> dict[str, int]:
        """Alerts that were raised by rules that are not tried here."""
        return dict(Counter(span["rule"] for one in self.compared.values() for span in one.left_out))


def raised_alerts(journal: Journal, call: str) -> list[Span] | None:
    """The alerts of a call when it was heard, and how they were judged since; None where the journal has not all of it."""
    said = journal.read(0, call=call, types=("call_started", "alert", "alert_judged"))
    return alert_spans(map(recorded, said)) if said and said[0]["type"] == "call_started" else None


def _heard_with(rule: Rule, kept: Iterable[Mapping[str, Any]]) -> bool:
    """Whether this is, to the letter, one of the rules that a call keeps. Of what was learnt it keeps another copy, which may
    differ from today's."""
    learned = any(condition.template or condition.label for condition in rule.when.walk())
    return not learned and rule.model_dump(mode="json", by_alias=True, exclude_defaults=True) in kept
