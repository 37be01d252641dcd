"""What may be varied is what there is, and everything that can be drawn holds."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.tune.proposal import Proposal
from lab.tune.space import ENGINES, SETTINGS, Knob, Range, rule_knobs, settings_knobs
from monitor.alerts.rules import load_rules
from monitor.changes.registry import DETECTORS
from monitor.config import Settings
from monitor.config.sections import ChangesSection, StateSection
from monitor.engines.registry import ENGINES as ENGINE_CLASSES

RULE_FILES = sorted((Path(__file__).parents[3] / "configs" / "rules").glob("*.yaml"))
START = Proposal(Settings(), load_rules(RULE_FILES))
RULE_KNOBS = [knob for rule in START.rules.rules for knob in rule_knobs(rule)]
KNOBS = [*ENGINES["emotion2vec"], *SETTINGS, *RULE_KNOBS]


def test_every_setting_of_the_analysis_may_be_varied_but_the_detector_itself() -> None:
    there = {f"state.{name}" for name in StateSection.model_fields} | {
        f"changes.{name}" for name in ChangesSection.model_fields
    }
    assert {knob.key for knob in SETTINGS} == there - {"changes.detector"}
    assert {knob.detector for knob in SETTINGS} - {""} <= set(DETECTORS)


def test_every_engine_says_what_it_leaves_to_choose() -> None:
    assert set(ENGINES) == set(ENGINE_CLASSES)


def test_the_defaults_can_be_drawn_and_are_what_they_were() -> None:
    drawn = START.drawn(KNOBS)
    assert {knob.key for knob in settings_knobs(START.settings)} <= set(drawn)
    assert START.turned(KNOBS, drawn) == START


def test_a_knob_is_asked_for_by_its_key_or_by_what_it_belongs_to() -> None:
    knob = Knob("rules.customer-angry.hold", Range(0.0, 5.0))
    assert [knob.is_of([name]) for name in ("rules", "rules.customer-angry", knob.key)] == [True] * 3
    assert not knob.is_of(["rules.customer", "state", "hold", ""])


def test_release_and_cool_down_are_left_alone() -> None:
    assert {knob.key.rpartition(".")[2] for knob in RULE_KNOBS} == {"hold", "at_least", "above", "below", "strength"}


@given(st.data())
def test_whatever_is_drawn_makes_settings_and_rules_that_hold(data: st.DataObject) -> None:
    drawn = {knob.key: data.draw(_raw(knob.values), label=knob.key) for knob in KNOBS}
    proposal = START.turned(KNOBS, drawn)
    state = proposal.settings.state
    assert state.leave <= state.enter
    assert [rule.name for rule in proposal.rules.rules] == [rule.name for rule in START.rules.rules]
    plain = [knob for knob in KNOBS if not getattr(knob.values, "below", "")]
    assert {knob.key: proposal.of(knob) for knob in plain} == {knob.key: knob.values.value(drawn[knob.key]) for knob in plain}


def _raw(values: object) -> st.SearchStrategy[float | int | str]:
    if not isinstance(values, Range):
        return st.sampled_from(values.values)  # type: ignore[attr-defined]
    if isinstance(values.low, int):
        return st.integers(int(values.low), int(values.high))
    if values.step:
        return st.integers(0, round((values.high - values.low) / values.step)).map(
            lambda steps: values.low + steps * (values.step or 0)
        )
    return st.floats(values.low, values.high)


@pytest.mark.parametrize("knob", [knob for knob in KNOBS if isinstance(knob.values, Range)], ids=lambda knob: knob.key)
def test_a_search_can_draw_from_each_range(knob: object) -> None:
    distribution = knob.values.distribution()  # type: ignore[attr-defined]
    assert (distribution.low, distribution.high) == pytest.approx((knob.values.low, knob.values.high))  # type: ignore[attr-defined]
