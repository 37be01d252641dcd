"""What calls come to as Prometheus metrics: how they end, what is believed of whom, which alerts, and whether these were right.

Counted from the journal's events since the start of the service, the emotion of live calls as far as they are heard. Labels are
few: legs, the engine's emotions, the names of rules, severities.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.events import ABSTAIN
from monitor.messages import AlertJudgedMessage, AlertMessage, CallEndedMessage, RecordedMessage, StateMessage
from monitor.pipeline.monitor import Monitor

END_REASONS = ("finished", "stopped", "inactive", "shutdown", "interrupted", "error")
OTHER = "other"
MOST_RULES = 200
"""Rules with series of their own, as people may save ever new ones while the service runs; further ones are `other`."""


class OutcomeCollector(Collector):
    """Counts as the journal tells; reads how far live calls are when it is scraped. No count ever falls."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._lock = threading.Lock()
        self._ended: Counter[str] = Counter(dict.fromkeys((*END_REASONS, OTHER), 0))
        self._alerts: dict[str, Counter[tuple[str, ...]]] = {"raised": Counter(), "cleared": Counter(), "judged": Counter()}
        self._rules: set[str] = set()
        self._emotions: defaultdict[tuple[str, ...], float] = defaultdict(float)
        self._beliefs: dict[tuple[str, str], tuple[str, float]] = {}
        """By call and leg: what is believed, and up to which second of the call that is counted."""

    def take(self, message: RecordedMessage) -> None:
        """Count an event of the journal. From any thread."""
        with self._lock:
            match message:
                case CallEndedMessage():
                    reason = message.reason.partition(":")[0]
                    self._ended[reason if reason in END_REASONS else OTHER] += 1
                    for call, leg in [key for key in self._beliefs if key[0] == message.call]:
                        self._believe(call, leg, message.time, ABSTAIN)
                        del self._beliefs[call, leg]
                case StateMessage(leg=str(leg)):
                    self._believe(message.call, leg, message.time, message.emotion)
                case AlertMessage(status="raised" | "cleared"):
                    self._alerts[message.status][self._rule(message.rule), message.severity] += 1
                case AlertJudgedMessage():
                    verdict = "right" if message.right else "wrong"
                    self._alerts["judged"][self._rule(_rule_of(message)), verdict] += 1

    def describe(self) -> list[Metric]:
        """Nothing: so that registering does not scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics at this moment."""
        seconds = {call.id: call.seconds for call in self._monitor.calls()}
        with self._lock:
            for rule in self._monitor.rules.rules:  # from 0 on: what rises from nothing is no increase to Prometheus
                for what in ("raised", "cleared"):
                    self._alerts[what][self._rule(rule.name), rule.severity] += 0
            for (call, leg), (emotion, _) in list(self._beliefs.items()):
                self._believe(call, leg, seconds.get(call, 0.0), emotion)
            ended: Mapping[tuple[str, ...], int] = {(reason,): count for reason, count in self._ended.items()}
            emotions = dict(self._emotions)
            alerts = {what: dict(counts) for what, counts in self._alerts.items()}
        yield _family("calls_ended", "Calls that ended, by reason.", ("reason",), ended)
        text = "Seconds of calls during which an emotion was believed of a leg."
        yield _family("emotion_seconds", text, ("leg", "emotion"), emotions)
        yield _family("alerts_raised", "Alerts raised.", ("rule", "severity"), alerts["raised"])
        yield _family("alerts_cleared", "Alerts cleared.", ("rule", "severity"), alerts["cleared"])
        text = "Times that somebody said whether an alert was right; one who says another thing later counts twice."
        yield _family("alerts_judged", text, ("rule", "verdict"), alerts["judged"])

    def _believe(self, call: str, leg: str, until: float, emotion: str) -> None:
        """Count what was believed of a leg up to a second of its call; from there on it is `emotion`."""
        believed, since = self._beliefs.get((call, leg), (ABSTAIN, 0.0))
        until = max(until, since)
        if until > since or (leg, believed) not in self._emotions:
            self._emotions[leg, believed] += until - since
        self._beliefs[call, leg] = (emotion, until)

    def _rule(self, name: str) -> str:
        if len(self._rules) < MOST_RULES:
            self._rules.add(name)
        return name if name in self._rules else OTHER


def _rule_of(message: AlertJudgedMessage) -> str:
    """An alert's id is `CALL:RULE:SUBJECT:NUMBER` (`alerts/evaluator.py`)."""
    return message.id.removeprefix(f"{message.call}:").rsplit(":", 2)[0]


def _family(
    name: str, text: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], int] | Mapping[tuple[str, ...], float]
) -> Metric:
    family = CounterMetricFamily(f"emotion_monitor_{name}", text, labels=labels)
    for key in sorted(values):
        family.add_metric(key, values[key])
    return family
