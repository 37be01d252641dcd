"""Rules that name templates and heads."""

import numpy as np
import pytest

from monitor.affect.speaker import Affect
from monitor.alerts.evaluator import Evaluator
from monitor.alerts.moment import LegMoment, Moment
from monitor.alerts.rules import RuleSet
from monitor.errors import ConfigError
from monitor.events import Alert
from monitor.learned.documents import HeadDocument, TemplateDocument
from monitor.learned.engine_key import EngineKey
from monitor.learned.head import Head
from monitor.learned.learned import Learned
from monitor.learned.template import Template
from monitor.learned.voice import Likeness

KEY = EngineKey("compact", "ab12", 2)
MADE = {"engine": "compact", "engine_version": "ab12", "dim": 2, "window": 3.0, "sources": ("a",)}
BASE = {"name": "r", "severity": "warning", "leg": "customer", "message": "{leg}: {evidence}", "release": 0.5, "cool_down": 0.0}


def template(name: str = "threat", threshold: float | None = 0.8) -> Template:
    document = TemplateDocument(**MADE, name=name, granularity="utterance", rows=(0,), threshold=threshold)
    return Template.make(document, np.array([[1.0, 0.0]], np.float32), None)


def head(version: str = "ab12") -> Head:
    document = HeadDocument(**{**MADE, "engine_version": version}, name="churn", labels=("threat", "stays"), temperature=1.0)
    return Head.make(document, np.eye(2), np.zeros(2))


LEARNED = Learned.of([template(), template("untold", None)], [head()])


def rule(when: dict) -> RuleSet:
    return RuleSet.from_document([{**BASE, "when": when}])


def watch(when: dict, *likenesses: Likeness | None) -> list[Alert]:
    """The alerts over a customer who speaks and is so like templates and heads; None is silence, after which all stays."""
    evaluator = Evaluator(rule(when).heard_with(LEARNED, KEY), "c", ("customer",), ("angry",))
    now, alerts = Likeness(), []
    for tick, likeness in enumerate(likenesses):
        now = now if likeness is None else likeness
        moment = LegMoment(Affect("angry", (1.0,)), heard=likeness is not None, likeness=now)
        alerts += evaluator.update(Moment(tick, (tick + 1) / 10, {"customer": moment}))
    return alerts


def like(similarity: float) -> Likeness:
    return Likeness({"threat": similarity})


def says(probability: float) -> Likeness:
    return Likeness({}, {"churn": (probability, 1 - probability)})


def told(alerts: list[Alert]) -> list[tuple[str, float]]:
    return [(alert.status, alert.at) for alert in alerts]


def test_a_template_counts_from_the_similarity_that_the_rule_names() -> None:
    when = {"template": {"name": "threat", "at_least": 0.9}}
    assert told(watch(when, like(0.89), like(0.9))) == [("raised", 0.2)]


def test_a_template_without_at_least_counts_from_the_threshold_that_it_learnt() -> None:
    assert told(watch({"template": {"name": "threat"}}, like(0.79), like(0.8))) == [("raised", 0.2)]


def test_the_threshold_of_a_similarity_is_eased_while_the_alert_stands() -> None:
    alerts = watch({"template": {"name": "threat"}}, like(0.8), *[like(0.78)] * 9)
    assert told(alerts) == [("raised", 0.1)]
    assert told(watch({"template": {"name": "threat"}}, like(0.8), *[like(0.76)] * 9)) == [("raised", 0.1), ("cleared", 0.6)]


def test_the_sentence_says_what_it_is_like_and_how_much() -> None:
    [alert] = watch({"template": {"name": "threat"}}, like(0.834))
    assert (alert.message, alert.evidence) == ("customer: like threat 0.83", {"customer.threat": 0.834})


def test_a_label_counts_from_the_probability_that_the_rule_names() -> None:
    when = {"label": {"head": "churn", "is": "threat", "at_least": 0.7}}
    [alert] = watch(when, says(0.6), says(0.75))
    assert (alert.message, alert.evidence) == ("customer: threat 0.75", {"customer.churn.threat": 0.75})


def test_labels_count_together() -> None:
    when = {"label": {"head": "churn", "is": ["threat", "stays"], "at_least": 1.0}}
    assert told(watch(when, says(0.4))) == [("raised", 0.1)]


def test_without_a_probability_the_label_must_be_the_most_probable_one() -> None:
    assert told(watch({"label": {"head": "churn", "is": "threat"}}, says(0.49), says(0.51))) == [("raised", 0.2)]


def test_hold_counts_speech_alone() -> None:
    when = {"label": {"head": "churn", "is": "threat"}}
    rules = RuleSet.from_document([{**BASE, "hold": 0.3, "when": when}]).heard_with(LEARNED, KEY)
    evaluator = Evaluator(rules, "c", ("customer",), ("angry",))
    spoken = [True, False, False, True, True]
    moments = [LegMoment(Affect("angry", (1.0,)), heard=heard, likeness=says(0.9)) for heard in spoken]
    alerts = [a for n, m in enumerate(moments) for a in evaluator.update(Moment(n, (n + 1) / 10, {"customer": m}))]
    assert told(alerts) == [("raised", 0.5)]


@pytest.mark.parametrize("when", [{"template": {"name": "threat"}}, {"label": {"head": "churn", "is": "threat"}}])
def test_what_has_not_heard_enough_is_neither_met_nor_not(when: dict) -> None:
    assert watch(when, Likeness(), None) == []
    assert watch({"not": when}, Likeness(), None) == []


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"template": {"name": "laughter"}}, "rule r names the template laughter; analysis.templates has threat, untold"),
        ({"template": {"name": "untold"}}, "rule r: template untold has learnt no threshold"),
        ({"label": {"head": "loyal", "is": "threat"}}, "rule r names the head loyal; analysis.heads has churn"),
        ({"not": {"label": {"head": "churn", "is": "goes"}}}, "rule r: head churn has no label goes; it has threat, stays"),
    ],
)
def test_what_a_rule_names_and_there_is_not_is_said(when: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        rule(when).heard_with(LEARNED, KEY)


def test_what_a_rule_names_of_another_engine_is_refused_by_name() -> None:
    when = {"label": {"head": "churn", "is": "threat"}}
    with pytest.raises(ConfigError, match=r"head churn was learnt from embeddings of compact cd34 \(2 features\)"):
        rule(when).heard_with(Learned.of(heads=[head("cd34")]), KEY)


def test_templates_that_no_rule_names_are_not_looked_at() -> None:
    heard_with = rule({"template": {"name": "threat"}}).heard_with(LEARNED, KEY).learned
    assert (list(heard_with.templates), list(heard_with.heads)) == (["threat"], ["churn"])


@pytest.mark.parametrize(
    "when",
    [
        {"template": {"name": "threat", "at_least": 1.5}},
        {"template": {"name": "../threat"}},
        {"template": {}},
        {"label": {"head": "churn"}},
        {"label": {"head": "churn", "is": "threat", "at_least": 0}},
    ],
)
def test_what_is_no_condition_is_refused(when: dict) -> None:
    with pytest.raises(ConfigError):
        rule(when)
