"""When alerts are raised, updated and cleared."""

from dataclasses import replace
from itertools import pairwise

import pytest

from monitor.affect.speaker import Affect
from monitor.alerts.evaluator import Evaluator, looks_at
from monitor.alerts.moment import LegMoment, Moment
from monitor.alerts.rules import RuleSet
from monitor.events import Alert, ChangePoint

LABELS = ("angry", "neutral", "sad")
BASE = {"name": "r", "severity": "warning", "leg": "customer", "message": "m", "release": 0.5, "cool_down": 0.0}


def feeling(emotion: str, probability: float = 0.8, valence: float = 0.0, arousal: float = 0.0) -> LegMoment:
    posterior = tuple(probability if label == emotion else (1 - probability) / 2 for label in LABELS)
    return LegMoment(Affect(emotion, posterior, valence, arousal, normal=(0.0, 0.1)), heard=True)


CALM, ANGRY, QUIET = feeling("neutral"), feeling("angry"), LegMoment(Affect("neutral", (0.1, 0.8, 0.1)), silent=1)


def watch(when: dict, *steps: tuple[float, dict], finish: bool = False, **keys: object) -> list[Alert]:
    """The alerts of one rule over a call whose legs stay as they are for each (seconds, legs) of `steps`."""
    rules = RuleSet.from_document([{**BASE, "when": when, **keys}])
    evaluator = Evaluator(rules, "c", tuple(steps[0][1]), LABELS)
    moments: list[Moment] = []
    silent = dict.fromkeys(steps[0][1], 0)
    overtalk = 0
    for seconds, legs in steps:
        for count in range(round(seconds * 10)):
            silent = {leg: silent[leg] + 1 if moment.silent else 0 for leg, moment in legs.items()}
            overtalk = overtalk + 1 if not any(silent.values()) else 0
            now = {leg: replace(m, silent=silent[leg], changes=m.changes if count == 0 else ()) for leg, m in legs.items()}
            moments.append(Moment(len(moments), (len(moments) + 1) / 10, now, overtalk))
    alerts = [alert for moment in moments for alert in evaluator.update(moment)]
    return alerts + (evaluator.finish(moments[-1]) if finish else [])


def told(alerts: list[Alert]) -> list[tuple[str, float]]:
    return [(alert.status, alert.at) for alert in alerts]


IS_ANGRY = {"emotion": {"is": "angry", "at_least": 0.5}}


def test_an_alert_is_raised_after_hold_and_cleared_after_release():
    alerts = watch(IS_ANGRY, (1, {"customer": CALM}), (3, {"customer": ANGRY}), (2, {"customer": CALM}), hold=2.0)
    assert told(alerts) == [("raised", 3.0), ("cleared", 4.5)]
    assert {alert.time for alert in alerts} == {1.0}
    assert {alert.id for alert in alerts} == {"c:r:customer:1"}


def test_a_condition_shorter_than_hold_raises_nothing():
    assert watch(IS_ANGRY, (1.9, {"customer": ANGRY}), (5, {"customer": CALM}), hold=2.0) == []


def test_hold_counts_speech_and_not_the_silence_in_which_a_state_is_carried_on():
    carried = replace(ANGRY, heard=False, silent=1)
    short = watch(IS_ANGRY, (1, {"customer": ANGRY}), (60, {"customer": carried}), hold=2.0)
    resumed = watch(IS_ANGRY, (1, {"customer": ANGRY}), (5, {"customer": carried}), (2, {"customer": ANGRY}), hold=2.0)
    assert short == []
    assert told(resumed) == [("raised", 7.0)]


def test_a_value_that_trembles_around_the_threshold_raises_one_alert():
    steps = [(0.3, {"customer": feeling("angry", p)}) for p in (0.55, 0.45, 0.52, 0.42, 0.51, 0.43, 0.55, 0.41)]
    assert told(watch(IS_ANGRY, *steps, hold=1.0, release=0.0)) == [("raised", 1.0)]


def test_a_raised_alert_is_cleared_below_the_margin():
    alerts = watch(IS_ANGRY, (1, {"customer": ANGRY}), (2, {"customer": feeling("angry", 0.39)}))
    assert [alert.status for alert in alerts] == ["raised", "cleared"]


def test_after_a_clear_the_rule_rests_for_its_cool_down_and_then_warns_again():
    again = [(1, {"customer": ANGRY}), (1, {"customer": CALM}), (20, {"customer": ANGRY})]
    alerts = watch(IS_ANGRY, *again, cool_down=5.0, hold=0.5)
    assert told(alerts) == [("raised", 0.5), ("cleared", 1.5), ("raised", 6.6)]
    assert alerts[-1].id == "c:r:customer:2"
    assert alerts[-1].time == 2.0


def test_growing_evidence_updates_an_alert_but_not_more_often_than_every_five_seconds():
    steps = [(2, {"customer": feeling("angry", 0.5 + 0.04 * step)}) for step in range(12)]
    alerts = watch(IS_ANGRY, *steps)
    gaps = [later.at - earlier.at for earlier, later in pairwise(alerts)]
    assert [alert.status for alert in alerts] == ["raised", "updated", "updated"]
    assert min(gaps) >= 5
    assert alerts[-1].evidence["customer.angry"] > alerts[0].evidence["customer.angry"] + 0.25


def test_steady_evidence_updates_nothing():
    assert told(watch(IS_ANGRY, (300, {"customer": ANGRY}))) == [("raised", 0.1)]


def test_an_alert_that_is_open_at_the_end_of_the_call_is_cleared_with_its_peak():
    steps = [(1, {"customer": feeling("angry", 0.9)}), (1, {"customer": feeling("angry", 0.6)})]
    alerts = watch(IS_ANGRY, *steps, finish=True)
    assert told(alerts) == [("raised", 0.1), ("cleared", 2.0)]
    assert alerts[-1].evidence == {"customer.angry": 0.9}


def test_a_rule_for_any_leg_watches_each_by_itself():
    alerts = watch(IS_ANGRY, (1, {"customer": ANGRY, "agent": ANGRY}), leg="any")
    assert [(alert.leg, alert.id) for alert in alerts] == [("customer", "c:r:customer:1"), ("agent", "c:r:agent:1")]


def test_a_rule_for_a_leg_that_the_call_has_not_is_quiet():
    assert watch(IS_ANGRY, (5, {"mixed": ANGRY}), leg="customer") == []
    assert len(watch(IS_ANGRY, (5, {"mixed": ANGRY}), leg=["customer", "mixed"])) == 1


@pytest.mark.parametrize("when", [IS_ANGRY, {"not": IS_ANGRY}, {"any_of": [IS_ANGRY, {"not": IS_ANGRY}]}])
def test_of_a_leg_that_may_not_be_analysed_nothing_is_claimed_either_way(when):
    assert watch(when, (5, {"customer": LegMoment()})) == []


@pytest.mark.parametrize("leg", ["other", "agent"])
def test_a_condition_on_the_other_party_of_a_mixed_call_is_not_known(leg):
    assert watch({"not": {**IS_ANGRY, "leg": leg}}, (5, {"mixed": CALM}), leg="mixed") == []


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"all_of": [IS_ANGRY, {**IS_ANGRY, "leg": "other"}]}, 0),
        ({"any_of": [IS_ANGRY, {**IS_ANGRY, "leg": "other"}]}, 1),
        ({"all_of": [IS_ANGRY, {"not": {**IS_ANGRY, "leg": "agent"}}]}, 1),
        ({**IS_ANGRY, "leg": "both"}, 0),
        ({**IS_ANGRY, "leg": "either"}, 1),
        ({"emotion": {"is": ["angry", "sad"], "at_least": 0.85}}, 1),
        ({"emotion": {"is": "angry"}}, 1),
        ({"emotion": {"is": ["neutral", "unknown"]}}, 0),
        ({"emotion": {"is": "bored", "at_least": 0.1}}, 0),
    ],
)
def test_conditions_combine_across_legs(when, expected):
    assert len(watch(when, (2, {"customer": ANGRY, "agent": CALM}))) == expected


@pytest.mark.parametrize(
    ("affect", "expected"),
    [
        ({"valence": {"below": -0.4}}, 1),
        ({"valence": {"below": -0.6}}, 0),
        ({"valence": {"below": -0.4}, "arousal": {"above": 0.5}}, 0),
        ({"arousal": {"above": 0.35}}, 1),
        ({"arousal": {"above": 0.35}, "relative": True}, 0),
        ({"arousal": {"above": 0.25}, "relative": True}, 1),
    ],
)
def test_valence_and_arousal_are_held_against_bounds_or_the_speakers_normal(affect, expected):
    assert len(watch({"affect": affect}, (2, {"customer": feeling("angry", 0.8, -0.5, 0.4)}))) == expected


def test_relative_bounds_wait_for_the_baseline():
    early = replace(ANGRY, affect=Affect("angry", (0.8, 0.1, 0.1), -0.5, 0.9, normal=None))
    assert watch({"affect": {"arousal": {"above": 0.1}, "relative": True}}, (5, {"customer": early})) == []


def change(status: str, before: str = "neutral", after: str = "angry", strength: float = 1.5, number: int = 1) -> LegMoment:
    point = ChangePoint(
        call="c",
        leg="customer",
        time=0.4,
        at=1.0,
        id=f"cp{number}",
        status=status,
        strength=strength,
        before=before,
        after=after,
    )
    return replace(CALM, changes=(point,), change=point)


TURNED = {"change_point": {"to": "angry", "strength": 1.2, "last": 3.0}}


@pytest.mark.parametrize(
    ("points", "when", "expected"),
    [
        ([change("confirmed")], TURNED, 1),
        ([change("provisional")], TURNED, 0),
        ([change("confirmed", after="sad")], TURNED, 0),
        ([change("confirmed", strength=1.1)], TURNED, 0),
        ([change("confirmed", before="sad")], {"change_point": {"from": "neutral"}}, 0),
        ([change("confirmed", before="angry")], {"change_point": {}}, 0),
        ([change("confirmed", before="angry")], {"change_point": {"from": "angry", "to": "angry"}}, 1),
        ([change("provisional")], {"change_point": {"confirmed": False}}, 1),
    ],
)
def test_change_points_are_matched(points, when, expected):
    steps = [(1, {"customer": CALM}), *((1, {"customer": point}) for point in points), (1, {"customer": CALM})]
    assert len([alert for alert in watch(when, *steps) if alert.status == "raised"]) == expected


def test_a_change_counts_for_its_time_and_the_alert_begins_where_it_lay():
    alerts = watch(TURNED, (1, {"customer": CALM}), (0.1, {"customer": change("confirmed")}), (9, {"customer": CALM}))
    assert told(alerts) == [("raised", 1.1), ("cleared", 4.5)]
    assert alerts[0].time == 0.4
    assert alerts[0].evidence == {"customer.change": 1.5}


def test_a_retracted_change_takes_its_alert_with_it():
    when = {"change_point": {"confirmed": False, "last": 60.0}}
    steps = [(0.1, {"customer": change("provisional")}), (1, {"customer": CALM}), (2, {"customer": change("retracted")})]
    assert told(watch(when, *steps, release=0.0)) == [("raised", 0.1), ("cleared", 1.2)]


def test_silence_of_all_is_counted_from_the_last_word():
    quiet = {"customer": QUIET, "agent": QUIET}
    steps = [(2, {"customer": CALM, "agent": QUIET}), (30, quiet), (1, {"customer": QUIET, "agent": CALM})]
    alerts = watch({"silence": {"longer_than": 10.0}}, *steps, leg="both", message="silent for {silence} s, {leg}")
    assert told(alerts) == [("raised", 12.1), ("updated", 22.2), ("cleared", 32.5)]
    assert alerts[0].message == "silent for 10 s, both"
    assert alerts[0].time == pytest.approx(2.0)
    assert alerts[0].evidence == {"customer.silence": 10.1, "agent.silence": 12.1}
    assert alerts[0].leg is None


def test_silence_of_one_leg_asks_for_that_leg_alone():
    steps = [(12, {"customer": QUIET, "agent": CALM})]
    assert len(watch({"silence": {"longer_than": 10.0}}, *steps)) == 1
    assert watch({"silence": {"longer_than": 10.0}, "leg": "other"}, *steps) == []


def test_overtalk_is_both_speaking_without_a_pause():
    together = {"customer": CALM, "agent": CALM}
    steps = [(2, together), (1, {"customer": CALM, "agent": QUIET}), (5, together)]
    alerts = watch({"overtalk": {"longer_than": 4.0}}, *steps, leg="both")
    assert told(alerts) == [("raised", 7.1)]
    assert alerts[0].time == pytest.approx(3.0)


def test_a_share_of_overtalk_is_taken_over_the_whole_window():
    together = {"customer": CALM, "agent": CALM}
    steps = [(2, together), (2, {"customer": CALM, "agent": QUIET})] * 3
    alerts = watch({"overtalk": {"share": 0.5, "window": 6.0}}, *steps, leg="both")
    assert told(alerts)[0] == ("raised", 5.0)
    assert alerts[0].evidence == {"overtalk_share": 0.5}


def test_overtalk_of_a_call_of_one_leg_is_not_known():
    assert watch({"not": {"overtalk": {"longer_than": 1.0}}}, (5, {"mixed": CALM}), leg="mixed") == []


def test_within_joins_what_did_not_happen_at_once():
    when = {"all_of": [IS_ANGRY, {**IS_ANGRY, "leg": "other", "within": 3.0}]}
    first, then = {"customer": CALM, "agent": ANGRY}, {"customer": ANGRY, "agent": CALM}
    neither = {"customer": CALM, "agent": CALM}
    assert told(watch(when, (1, first), (2, neither), (1, then)))[0] == ("raised", 3.1)
    assert watch(when, (1, first), (4, neither), (1, then)) == []


def test_the_message_tells_what_is_known():
    point = change("confirmed")
    message = "{leg} {emotion} {probability} {valence} {arousal} {before} {after} {strength} {seconds} {silence} {overtalk}"
    moment = replace(feeling("angry", 0.8, -0.5, 0.4), changes=point.changes, change=point.change)
    alerts = watch(IS_ANGRY, (1, {"customer": moment}), hold=1.0, message=message)
    assert alerts[0].message == "customer angry 0.80 -0.50 +0.40 neutral angry 1.5 1.0 0.0 1.0"


WORDS = {"message": "{leg} {emotion} {probability} since {since}"}


def test_the_message_tells_the_evidence_and_not_the_state():
    rising = replace(CALM, affect=Affect("neutral", (0.62, 0.33, 0.05)))
    alerts = watch(IS_ANGRY, (1, {"customer": CALM}), (1, {"customer": rising}), hold=0.2, **WORDS)
    assert alerts[0].message == "customer angry 0.62 since 0:01"


def test_of_several_labels_the_message_names_the_one_believed_most_and_what_is_believed_of_all():
    down = replace(CALM, affect=Affect("unknown", (0.2, 0.2, 0.6)))
    when = {"emotion": {"is": ["angry", "sad"], "at_least": 0.7}}
    assert watch(when, (1, {"customer": down}), **WORDS)[0].message == "customer sad 0.80 since 0:00"


def test_evidence_of_a_moment_ago_is_told_as_it_was_then():
    when = {"all_of": [{**IS_ANGRY, "within": 9.0}, {"silence": {"longer_than": 3.0}, "leg": "other"}]}
    steps = [(2, {"customer": ANGRY, "agent": QUIET}), (3, {"customer": feeling("neutral", 0.98), "agent": QUIET})]
    alerts = watch(when, *steps, message="{emotion} {probability}: {evidence}")
    assert alerts[0].message == "angry 0.80: angry 0.80, agent silence of 3.1 s"


def test_a_suspected_change_is_told_though_the_last_confirmed_one_was_another():
    suspected = replace(change("provisional"), change=None)
    when = {"change_point": {"confirmed": False}}
    alerts = watch(when, (1, {"customer": suspected}), message="{before} to {after} at {changed} ({strength})")
    assert alerts[0].message == "neutral to angry at 0:00 (1.5)"


def test_overtalk_is_told_as_the_condition_that_was_met():
    together, apart = {"customer": CALM, "agent": CALM}, {"customer": CALM, "agent": QUIET}
    when = {"any_of": [{"overtalk": {"longer_than": 4.0}}, {"overtalk": {"share": 0.5, "window": 6.0}}]}
    shared = watch(when, *[(2, together), (2, apart)] * 3, leg="both", message="{evidence}")
    lasting = watch({"overtalk": {"longer_than": 4.0}}, (5, together), leg="both", message="{evidence}")
    assert (shared[0].message, lasting[0].message) == ("50 % of 6 s", "overtalk of 4.1 s")


def test_a_sentence_that_names_a_duration_is_said_again_when_that_has_doubled():
    running = watch(IS_ANGRY, (60, {"customer": ANGRY}), hold=1.0, message="for {seconds} s")
    lasting = watch(IS_ANGRY, (60, {"customer": ANGRY}), hold=1.0, message="since {since}")
    assert [alert.message for alert in running] == ["for 1.0 s", "for 6.0 s", "for 12 s", "for 24 s", "for 48 s"]
    assert [alert.message for alert in lasting] == ["since 0:00"]


def test_what_is_said_in_the_end_holds_the_peak_and_how_long_it_lasted():
    steps = [(1, {"customer": feeling("angry", 0.9)}), (2, {"customer": feeling("angry", 0.6)}), (9, {"customer": CALM})]
    alerts = watch(IS_ANGRY, *steps, release=4.0, message="{emotion} {probability} for {seconds} s")
    assert (alerts[-1].at, alerts[-1].message) == (7.0, "angry 0.90 for 3.0 s")


ANGRY_OTHER = {"emotion": {"is": "angry"}, "leg": "other"}


@pytest.mark.parametrize(
    ("when", "message", "legs"),
    [
        ({"emotion": {"is": "angry"}}, "m", {"customer"}),
        ({"all_of": [{"emotion": {"is": "angry"}}, {"silence": {"longer_than": 2}}]}, "{silence}", {"customer"}),
        ({"all_of": [{"emotion": {"is": "angry"}}, {"not": ANGRY_OTHER}]}, "m", {"customer", "agent"}),
        ({"overtalk": {"longer_than": 2}}, "m", {"customer", "agent"}),
        ({"emotion": {"is": "angry"}}, "{overtalk}", {"customer", "agent"}),
    ],
)
def test_a_rule_looks_at_its_own_leg_unless_it_names_another(when, message, legs):
    [rule] = RuleSet.from_document([{**BASE, "when": when, "message": message}]).rules
    assert looks_at(rule, "customer", ("customer", "agent")) == legs
    assert looks_at(rule, "customer", ("customer",)) == {"customer"}


def test_a_rule_about_the_call_as_a_whole_looks_at_all_legs():
    [rule] = RuleSet.from_document([{**BASE, "leg": "both", "when": {"silence": {"longer_than": 2}}}]).rules
    assert looks_at(rule, None, ("customer", "agent")) == {"customer", "agent"}


CARRIED = {leg: replace(CALM, heard=False, silent=1) for leg in ("customer", "agent")}
TALK = {"customer": CALM, "agent": CALM}


@pytest.mark.parametrize(
    "when",
    [
        IS_ANGRY,
        {**IS_ANGRY, "within": 2.0},
        {"not": {**IS_ANGRY, "leg": "agent"}},
        {"not": {**TURNED, "leg": "customer"}},
        {"any_of": [TURNED, {"silence": {"longer_than": 2.0}}]},
        {"all_of": [{"not": {"silence": {"longer_than": 1.0}}}, {"emotion": {"is": "neutral"}}]},
        {"overtalk": {"longer_than": 1.5}},
        {"overtalk": {"share": 0.3, "window": 3.0}},
    ],
)
@pytest.mark.parametrize("subject", ["customer", "any", "both"])
def test_what_is_carried_on_is_judged_as_if_it_were_said_again(when, subject, monkeypatch):
    steps = [
        (1, TALK),
        (1, {**TALK, "customer": ANGRY}),
        (0.1, {**TALK, "customer": change("confirmed")}),
        (5, CARRIED),
        (2, TALK),
    ]
    alerts = watch(when, *steps, finish=True, leg=subject)
    monkeypatch.setattr("monitor.alerts.evaluator._moved", lambda last, moment: True)
    assert watch(when, *steps, finish=True, leg=subject) == alerts
