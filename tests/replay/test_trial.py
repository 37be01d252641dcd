"""Rules tried on stored calls, held against what was raised."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from monitor.alerts.rules import RuleSet, load_rules
from monitor.frame_format import LegFormat
from monitor.replay.alert_spans import alert_spans
from monitor.replay.trial import Trial, raised_alerts
from monitor.store.base import StoredCall
from monitor.store.memory_journal import MemoryJournal
from tests.replay.moody_call import DIM, LABELS, begun, live_events, opened

FORMAT = LegFormat(DIM, len(LABELS))
SAD = {"name": "sad", "severity": "info", "leg": "customer", "when": {"emotion": {"is": "sad"}}, "message": "sad"}


def rules(*more: dict[str, Any]) -> RuleSet:
    """Those that ship, and more."""
    return RuleSet.from_document([*load_rules().document(), *more])


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StoredCall, list[Any]]]:
    """A call heard with the rules that ship, and the alerts that were raised."""
    folder = tmp_path_factory.mktemp("trial")
    writer = begun(opened(folder), FORMAT)
    events = live_events(writer, FORMAT)
    writer.finish("finished", {})
    yield opened(folder).open("call-1"), alert_spans(events)


def test_rules_with_which_a_call_was_heard_raise_what_they_raised_and_its_frames_are_not_read(
    heard: tuple[StoredCall, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, raised = heard
    monkeypatch.setattr(type(stored), "read_range", None)
    trial = Trial(rules(), lambda _: raised)
    trial.take(stored)
    assert (trial.spans("same"), trial.spans("new"), trial.spans("gone"), trial.failed) == (raised, [], [], {})
    assert trial.seconds == pytest.approx(60.34)


def test_a_rule_that_is_new_to_it_is_judged_over_its_frames(heard: tuple[StoredCall, list[Any]]) -> None:
    stored, raised = heard
    trial = Trial(rules(SAD), lambda _: raised)
    trial.take(stored)
    assert {span["rule"] for span in trial.spans("new")} == {"sad"}
    assert len(trial.spans("same")) == len(raised) > 0


def test_a_rule_that_was_changed_is_judged_anew_and_keeps_what_people_said(heard: tuple[StoredCall, list[Any]]) -> None:
    stored, raised = heard
    [angry, *_] = rules().document()
    judged = [{**span, "judged": "right" if span["rule"] == angry["name"] else None} for span in raised]
    trial = Trial(RuleSet.from_document([{**angry, "message": "angry!"}]), lambda _: judged, instead_of=[angry["name"]])
    trial.take(stored)
    assert {(span["message"], span["judged"]) for span in trial.spans("same")} == {("angry!", "right")}
    [count] = trial.by_rule()
    assert (count["rule"], count["same"], count["judged_right"]) == (angry["name"], count["raised"], count["raised"])


def test_alerts_of_a_rule_that_is_left_away_are_gone_where_it_was_in_force(heard: tuple[StoredCall, list[Any]]) -> None:
    stored, raised = heard
    names = {span["rule"] for span in raised}
    kept, replaced = Trial(RuleSet(()), lambda _: raised), Trial(RuleSet(()), lambda _: raised, instead_of=names)
    kept.take(stored)
    replaced.take(stored)
    assert (kept.spans("gone"), sum(kept.left_out().values())) == ([], len(raised))
    assert len(replaced.spans("gone")) == len(raised)


def test_what_a_call_raised_whose_events_were_dropped_is_replayed(heard: tuple[StoredCall, list[Any]]) -> None:
    stored, raised = heard
    trial = Trial(rules(SAD), partial(raised_alerts, MemoryJournal()))
    trial.take(stored)
    assert trial.spans("same") == raised
    assert {span["rule"] for span in trial.spans("new")} == {"sad"}


def test_a_rule_for_other_calls_raises_nothing(heard: tuple[StoredCall, list[Any]]) -> None:
    stored, raised = heard
    trial = Trial(rules({**SAD, "where": {"queue": "billing"}}), lambda _: raised)
    trial.take(stored)
    assert trial.spans("new") == []


def test_whoever_gives_up_raises_between_two_pieces_of_work(heard: tuple[StoredCall, list[Any]]) -> None:
    def give_up() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Trial(rules(SAD), lambda _: []).take(heard[0], give_up)
