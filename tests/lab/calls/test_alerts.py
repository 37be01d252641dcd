"""Which alerts are right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.calls.alerts import AlertAim, Block, RaisedAlert, about_emotion, aim_for, blocks, raised_alerts, score_alerts
from monitor.alerts.rules import load_rules
from monitor.errors import ConfigError
from tests.lab.calls.made_hearing import alert, changed, labelled, talk

ANGER = (Block("customer", 10.0, 20.0), Block("customer", 40.0, 50.0))


def raised(*times, leg="customer"):
    return [RaisedAlert("customer-angry", leg, time) for time in times]


def test_utterances_of_one_emotion_are_one_block_whatever_the_agent_says_in_between():
    call = labelled(
        *talk((1, 3, "neutral"), (10, 12, "angry"), (16, 20, "angry"), (22, 24, "neutral"), (30, 31, "angry")),
        *talk((13, 15, "neutral"), leg="agent"),
    )
    assert blocks(call, AlertAim()) == (Block("customer", 10, 20), Block("customer", 30, 31))


def test_a_leg_that_the_rules_do_not_watch_has_no_blocks():
    assert blocks(labelled(*talk((1, 3, "angry"), leg="agent")), AlertAim()) == ()


def test_an_alert_within_a_block_hits_it_and_its_delay_runs_from_the_onset():
    score = score_alerts(ANGER, raised(12.5), 2.0)
    assert (len(score.hits), score.delays, score.false) == (1, (2.5,), ())


@pytest.mark.parametrize(("at", "right"), [(9.9, False), (10.0, True), (20.0, True), (22.0, True), (22.1, False)])
def test_an_alert_counts_from_the_onset_to_the_grace_after_the_end(at, right):
    score = score_alerts(ANGER, raised(at), 2.0)
    assert (bool(score.hits), bool(score.false)) == (right, not right)


def test_a_second_alert_of_a_block_is_neither_right_nor_wrong():
    score = score_alerts(ANGER, raised(12.0, 15.0), 2.0)
    assert (len(score.hits), len(score.repeats), len(score.false), score.delays) == (1, 1, 0, (2.0,))


def test_an_alert_of_the_other_leg_hits_nothing():
    assert len(score_alerts(ANGER, raised(12.0, leg="agent"), 2.0).false) == 1


def test_an_alert_about_the_call_as_a_whole_hits_any_leg():
    assert len(score_alerts(ANGER, raised(12.0, leg=None), 2.0).hits) == 1


def test_an_alert_that_was_raised_before_the_onset_hits_nothing():
    assert score_alerts(ANGER, raised(9.0), 2.0).hits == ()


@given(st.lists(st.integers(0, 600).map(lambda tick: tick / 10), max_size=12))
def test_every_alert_is_a_hit_a_repeat_or_false_and_a_block_is_hit_once(times):
    score = score_alerts(ANGER, raised(*times), 2.0)
    assert len(score.hits) + len(score.repeats) + len(score.false) == len(times)
    assert len(score.hits) == len(score.delays) <= len(ANGER)


@given(st.lists(st.integers(0, 600).map(lambda tick: tick / 10), max_size=12), st.floats(-5, 5))
def test_shifting_labels_and_alerts_alike_changes_nothing(times, shift):
    moved = [Block(block.leg, block.start + shift, block.end + shift) for block in ANGER]
    here, there = score_alerts(ANGER, raised(*times), 2.05), score_alerts(moved, raised(*(t + shift for t in times)), 2.05)
    assert here.delays == pytest.approx(there.delays, abs=1e-6)


def test_only_alerts_that_are_raised_by_the_rules_asked_for_count():
    events = [alert(3.0), alert(4.0, rule="overtalk"), *changed(2.0, 3.0), alert(5.0, leg="agent")]
    assert [one.at for one in raised_alerts(events, AlertAim())] == [3.0]


def test_the_aim_of_a_rule_has_the_legs_that_it_watches():
    assert aim_for(load_rules(), ["agent-angry"]) == AlertAim(("agent-angry",), legs=("agent",))


def test_any_takes_every_rule_with_a_condition_on_anger():
    aim = aim_for(load_rules(), ["any"])
    assert aim.rules == ("customer-angry", "customer-certainly-angry", "agent-angry")
    assert aim.legs == ("customer", "agent", "mixed")


def test_rules_about_emotion_are_those_that_may_cry_wolf():
    customer = {"customer-angry", "customer-certainly-angry", "customer-distressed", "customer-turned"}
    assert about_emotion(load_rules(None)) == customer | {"agent-angry"}


def test_a_rule_that_is_not_in_force_is_refused_with_those_that_are():
    with pytest.raises(ConfigError, match=r"no rule furious .* customer-angry, "):
        aim_for(load_rules(), ["furious"])
