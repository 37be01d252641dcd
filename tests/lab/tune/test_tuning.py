"""A search ends in settings that say of a call what was promised, and tells what they are worth for people it did not hear."""

import dataclasses
import json
from pathlib import Path

import pytest

from lab.calls import LabelledCall
from lab.evaluation.evaluate import Plan as EvaluationPlan
from lab.evaluation.evaluate import evaluate
from lab.evaluation.inputs import Inputs
from lab.tune.aim import REAL, parse_aim
from lab.tune.tuning import Plan, Tuned, folds, tune
from lab.tune.write import write_settings
from monitor.alerts.rules import load_rules
from monitor.config import Settings, load_settings
from monitor.errors import ConfigError

AIM = parse_aim("changes.f1_4s - eder + 0 * alerts.f1 where changes.false_alarms_per_hour <= 600")
EVERYBODY = range(4)


def nobody(stage: str, done: int, total: int) -> None:
    """Nobody looks."""


def tuned(calls: list[LabelledCall], settings: Settings, jobs: int = 1, **plan: object) -> Tuned:
    wanted = {"aim": AIM, "folds": 2, "trials": 4, **plan}
    return tune(calls, settings, Plan(**wanted), jobs=jobs, progress=nobody)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def found(calls: list[LabelledCall], settings: Settings) -> Tuned:
    return tuned(calls, settings)


def test_evaluate_gives_the_figures_of_a_trial_with_the_file_that_was_written(
    calls: list[LabelledCall], found: Tuned, tmp_path: Path
) -> None:
    shown = dataclasses.replace(found, best=found.trials[2])
    out, rules = write_settings(shown, tmp_path / "tuned.yaml", "emotion-monitor tune calls")

    settings = load_settings(out, environment={})
    proposal = found.trials[2].proposal
    assert (settings.state, settings.changes) == (proposal.settings.state, proposal.settings.changes)
    assert load_rules(settings.alerts.rules) == load_rules([rules]) == proposal.rules
    report = evaluate(Inputs(calls=calls), settings, EvaluationPlan(baselines=False), jobs=1, progress=nobody)
    told = report.model_dump(mode="json")["calls"]
    figures = found.trials[2].figures(EVERYBODY)
    assert {figure: figures[figure] for figure in AIM.figures} == {
        "changes.f1_4s": told["changes"]["f1_4s"],
        "eder": told["eder"],
        "alerts.f1": told["alerts"]["f1"],
        "changes.false_alarms_per_hour": told["changes"]["false_alarms_per_hour"],
    }


def test_the_first_trial_is_what_was_begun_with(found: Tuned, settings: Settings) -> None:
    assert (found.trials[0].proposal.settings, found.trials[0].values) == (settings, {})
    assert found.trials[0].figures(EVERYBODY) == found.tuning.before == found.apart.before
    assert len(found.trials) == 5


def test_what_is_chosen_is_no_worse_than_any_trial(found: Tuned) -> None:
    assert AIM.rank(found.tuning.after) == max(AIM.rank(trial.figures(EVERYBODY)) for trial in found.trials)


def test_each_speaker_is_measured_by_what_is_best_for_the_others(found: Tuned, calls: list[LabelledCall]) -> None:
    kept, others = folds(calls, 2)
    best = max(found.trials, key=lambda trial: AIM.rank(trial.figures(others)))
    assert {index: found.apart.scores_after[index] for index in kept} == {index: best.scores[index] for index in kept}


def test_what_was_begun_with_stays_where_nothing_is_better(calls: list[LabelledCall], settings: Settings) -> None:
    always_the_same = parse_aim("0 * eder + 0 * alerts.f1")
    same = tuned(calls, settings, aim=always_the_same, trials=1)
    assert (same.best.number, same.best.proposal) == (0, same.trials[0].proposal)


def test_a_seed_gives_the_same_trials_on_any_number_of_processes(
    found: Tuned, calls: list[LabelledCall], settings: Settings
) -> None:
    again = tuned(calls, settings, jobs=3)
    assert again.trials == found.trials
    assert again.values() == found.values()


def test_nobody_is_in_two_sets(calls: list[LabelledCall]) -> None:
    twice = [*calls, *(dataclasses.replace(call, name=f"{call.name}-again") for call in calls)]
    sets = folds(twice, 3)
    people = [{twice[index].person for index in kept} for kept in sets]
    assert sorted(index for kept in sets for index in kept) == list(range(8))
    assert sum(len(each) for each in people) == 4


def test_no_trial_begins_when_the_time_is_over(calls: list[LabelledCall], settings: Settings) -> None:
    assert len(tuned(calls, settings, minutes=0.0).trials) == 1


def test_calls_without_labels_bound_how_often_one_is_warned_of_emotion(
    calls: list[LabelledCall], settings: Settings, found: Tuned
) -> None:
    heard = tuned(calls, settings, unlabelled=(calls[0].audio,), trials=1)
    rates = [trial.real_per_hour for trial in heard.trials]
    alone = evaluate(Inputs(recordings=[calls[0].audio]), settings, EvaluationPlan(), jobs=1, progress=nobody).recordings
    assert alone is not None
    assert rates[0] == alone.emotion_alerts_per_hour
    assert (heard.tuning.before[REAL], found.tuning.before[REAL]) == (rates[0], None)
    assert REAL in heard.figures
    assert heard.trials[0].scores == found.trials[0].scores


def test_a_bound_on_calls_without_labels_is_a_limit_of_the_aim(calls: list[LabelledCall], settings: Settings) -> None:
    aim = parse_aim("0 * eder").limited(REAL, 3.0)
    assert aim.text == "0 * eder where real.alerts_per_hour <= 3"
    assert aim.broken({"eder": 0.1, REAL: 6.0}) == pytest.approx(1.0)
    with pytest.raises(ConfigError, match="name calls without labels by --unlabelled"):
        tuned(calls, settings, aim=aim, trials=0)


def test_a_search_is_told_as_json(found: Tuned) -> None:
    document = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert (len(document["trials"]), document["apart"]["calls"], document["apart"]["speakers"]) == (5, 4, 4)
    assert document["values"]["state.enter"]["before"] == found.trials[0].proposal.settings.state.enter


def test_the_file_says_how_it_was_found(found: Tuned, tmp_path: Path) -> None:
    out, _ = write_settings(found, tmp_path / "tuned.yaml", "emotion-monitor tune calls --seed 1")
    text = out.read_text()
    wanted = ("emotion-monitor tune calls --seed 1", f"Aim: {AIM.text}", "seed 1", "best for the others, in 2 sets", "eder:")
    assert [word for word in wanted if word not in text] == []


def test_too_few_speakers_are_told_before_anything_is_heard(calls: list[LabelledCall], settings: Settings) -> None:
    nowhere = [dataclasses.replace(call, audio=Path("nowhere.wav")) for call in calls]
    with pytest.raises(ConfigError, match="--folds 5: the calls are of 4 speakers"):
        tuned(nowhere, settings, folds=5)


def test_what_is_not_there_cannot_be_varied(calls: list[LabelledCall], settings: Settings) -> None:
    with pytest.raises(ConfigError, match=r"there is no 'engine' to vary; there are: state\.correlation_time"):
        tuned(calls, settings, search=("engine",))


def test_alerts_of_a_rule_that_is_not_there_are_refused(calls: list[LabelledCall], settings: Settings) -> None:
    with pytest.raises(ConfigError, match="no rule nobody"):
        tuned(calls, settings, alert_rules=("nobody",))


def test_a_search_may_be_kept_to_some_values(calls: list[LabelledCall], settings: Settings) -> None:
    wanted = ("state.neutral_lead", "rules.customer-angry")
    keys = tuned(calls, settings, search=wanted, trials=1).keys
    assert keys == ("state.neutral_lead", "rules.customer-angry.hold", "rules.customer-angry.when.emotion.at_least")
