"""What may be varied is what there is, and everything that is drawn holds."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.tune.proposal import DETECTORS, SETTINGS, Proposal, Range
from monitor.alerts.rules import load_rules
from monitor.config import Settings
from monitor.config.sections import DETECTORS as DETECTOR_OPTIONS
from monitor.config.sections import StateSection

RULE_FILES = sorted((Path(__file__).parents[3] / "configs" / "rules").glob("*.yaml"))
START = Proposal(Settings(), load_rules(RULE_FILES))
RANGES = START.ranges([rule.name for rule in START.rules.rules])
RULE_KEYS = [key for key in RANGES if key.startswith("rules.")]


def test_every_setting_of_the_analysis_may_be_varied_but_the_detector_itself() -> None:
    there = {f"state.{name}" for name in StateSection.model_fields} | {
        f"changes.{key}" for name in DETECTORS for key in DETECTOR_OPTIONS.options(name).model_fields
    }
    assert {*SETTINGS, *(key for keys in DETECTORS.values() for key in keys)} == there - {"changes.detector"}
    assert set(DETECTORS) == set(DETECTOR_OPTIONS.names())


def test_only_what_the_detector_in_force_takes_is_varied() -> None:
    assert set(DETECTORS["bayes"]) <= set(RANGES)
    assert not set(DETECTORS["kernel"]) & set(RANGES)


def test_the_values_of_rules_have_a_place_by_name() -> None:
    varied = START.varied({"rules.customer-angry.hold": 4.5})
    assert (varied.value("rules.customer-angry.hold"), varied.settings) == (4.5, START.settings)


def test_what_is_given_its_own_values_is_what_it_was() -> None:
    assert START.varied({key: START.value(key) for key in RANGES}) == START


def test_release_and_cool_down_are_left_alone() -> None:
    assert {key.rpartition(".")[2] for key in RULE_KEYS} == {"hold", "at_least", "above", "below", "strength"}


@given(st.integers(0, 2**32))
def test_whatever_is_drawn_makes_settings_and_rules_that_hold(seed: int) -> None:
    values, proposal = START.drawn(RANGES, np.random.default_rng(seed))
    assert 1 <= len(values) <= len(RANGES)
    assert {key: proposal.value(key) for key in values} == values
    assert [rule.name for rule in proposal.rules.rules] == [rule.name for rule in START.rules.rules]


def test_what_the_settings_refuse_is_drawn_anew() -> None:
    ranges = {"state.enter": Range(0.3, 0.9), "state.leave": Range(0.2, 0.9)}
    generator = np.random.default_rng(1)
    states = [START.drawn(ranges, generator)[1].settings.state for _ in range(50)]
    assert max(state.leave - state.enter for state in states) <= 0
    assert len({state.leave for state in states}) > 10


@pytest.mark.parametrize("values", [Range(0.1, 5.0, log=True), Range(-0.8, 0.0), Range(6, 64, log=True)], ids=str)
def test_a_range_is_drawn_from_all_through(values: Range) -> None:
    generator = np.random.default_rng(1)
    drawn = [values.draw(generator) for _ in range(400)]
    edges = (values.low, values.high)
    assert edges[0] <= min(drawn) <= max(drawn) <= edges[1]
    assert (min(drawn), max(drawn)) == pytest.approx(edges, abs=0.06 * (edges[1] - edges[0]))
    assert {type(value) for value in drawn} == {type(values.low)}
