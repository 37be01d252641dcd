"""A search ends in settings that say of a call what was promised, of speakers whom it never scored."""

import dataclasses
import json
from pathlib import Path

import pytest

from lab.calls import LabelledCall
from lab.calls.alerts import AlertAim
from lab.evaluation.evaluate import Plan as EvaluationPlan
from lab.evaluation.evaluate import evaluate
from lab.evaluation.inputs import Inputs
from lab.hearing.hearing import Hearing, analysed_anew
from lab.hearing.listeners import Listeners
from lab.tune.aim import parse_aim
from lab.tune.folds import folds, speaker_of
from lab.tune.heard import hear_all, read, take_of
from lab.tune.plots import draw
from lab.tune.result import Tuned
from lab.tune.search import Trial
from lab.tune.tuning import Plan, tune
from lab.tune.write import write_settings
from monitor.alerts.rules import load_rules
from monitor.config import Settings, load_settings
from monitor.errors import ConfigError, StoreError

AIM = parse_aim("changes.f1_4s - eder + 0 * alerts.f1 where changes.false_alarms_per_hour <= 600")


def nobody(stage: str, done: int, total: int, best: Trial | None) -> None:
    """Nobody looks."""


def tuned(calls: list[LabelledCall], settings: Settings, jobs: int = 1, **plan: object) -> Tuned:
    wanted = {"aim": AIM, "folds": 2, "trials": 4, **plan}
    return tune(calls, settings, Plan(**wanted), jobs=jobs, progress=nobody)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def found(calls: list[LabelledCall], settings: Settings, cache: Path) -> Tuned:
    return tuned(calls, settings, cache=cache)


def test_frames_that_were_kept_say_what_was_heard(
    calls: list[LabelledCall], settings: Settings, cache: Path, found: Tuned
) -> None:
    with Listeners(settings, jobs=1) as listeners:
        ((_, heard),) = listeners.hear([take_of(calls[1])])
        (file,) = hear_all(listeners, settings, [take_of(calls[1])], cache, lambda: None)
        labels = listeners.info.labels
    assert isinstance(heard, Hearing)
    assert isinstance(file, Path)
    anew = analysed_anew(read(file), labels, settings, load_rules())
    assert anew.events == heard.events
    assert [leg.emotion for leg in anew.legs.values()] == [leg.emotion for leg in heard.legs.values()]
    assert anew.legs["customer"].posterior.tobytes() == heard.legs["customer"].posterior.tobytes()


def test_evaluate_gives_the_figures_of_a_trial_with_the_file_that_was_written(
    calls: list[LabelledCall], found: Tuned, tmp_path: Path
) -> None:
    other = found.before.turned(found.knobs, found.search.trials[2].drawn)
    shown = dataclasses.replace(found, after=other)
    out, rules = write_settings(shown, tmp_path / "tuned.yaml", "emotion-monitor tune calls")

    settings = load_settings(out, environment={})
    assert (settings.state, settings.changes) == (other.settings.state, other.settings.changes)
    assert load_rules(settings.alerts.rules) == load_rules([rules]) == other.rules
    tuning = [score.call for score in found.tuning.scores_before]
    plan = EvaluationPlan(baselines=False)
    report = evaluate(Inputs(calls=tuning), settings, plan, jobs=1, progress=lambda stage, done, total: None)
    figures = found.search.study.trials[2].user_attrs["figures"]
    assert report.calls is not None
    told = report.model_dump(mode="json")["calls"]
    assert figures == {
        "changes.f1_4s": told["changes"]["f1_4s"],
        "eder": told["eder"],
        "alerts.f1": told["alerts"]["f1"],
        "changes.false_alarms_per_hour": told["changes"]["false_alarms_per_hour"],
    }


def test_nobody_is_on_both_sides(found: Tuned, calls: list[LabelledCall]) -> None:
    tuning = {speaker_of(score.call) for score in found.tuning.scores_before}
    apart = {speaker_of(score.call) for score in found.apart.scores_before}
    assert (tuning & apart, len(tuning | apart)) == (set(), 4)


def test_what_is_found_is_no_worse_on_the_tuning_speakers(found: Tuned) -> None:
    assert AIM.value(found.tuning.after) >= AIM.value(found.tuning.before)
    assert len(found.search.trials) == 4


def test_the_first_trial_is_what_the_search_began_with(found: Tuned) -> None:
    first = found.search.trials[0]
    assert found.before.turned(found.knobs, first.drawn) == found.before
    assert first.value == AIM.value(found.tuning.before)


def test_a_seed_gives_the_same_trials_on_any_number_of_processes(
    found: Tuned, calls: list[LabelledCall], settings: Settings, cache: Path
) -> None:
    again = tuned(calls, settings, jobs=2, cache=cache)
    assert again.search.trials == found.search.trials
    assert again.turned() == found.turned()


def test_a_search_goes_on_where_it_was_left(calls: list[LabelledCall], settings: Settings, cache: Path, tmp_path: Path) -> None:
    first = tuned(calls, settings, cache=cache, study=tmp_path / "trials.jsonl", trials=2).search.trials
    both = tuned(calls, settings, cache=cache, study=tmp_path / "trials.jsonl", trials=3)
    assert both.search.trials[:2] == first
    assert len(both.search.trials) == 3
    with pytest.raises(ConfigError, match="was another one: aim differ"):
        tuned(calls, settings, cache=cache, study=tmp_path / "trials.jsonl", aim=parse_aim("changes.f1_2s - eder + alerts.f1"))


def test_each_set_is_kept_apart_in_turn_where_that_is_asked_for(
    calls: list[LabelledCall], settings: Settings, cache: Path
) -> None:
    crossed = tuned(calls, settings, cache=cache, cross=True, trials=2)
    assert (crossed.apart.calls, crossed.tuning.calls) == (4, 4)


def test_a_search_is_drawn_and_told_as_json(found: Tuned, tmp_path: Path) -> None:
    assert [file.name for file in draw(found, tmp_path / "plots")] == ["history.svg"]
    document = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert (len(document["trials"]), document["apart"]["calls"]) == (4, 2)
    assert document["knobs"]["state.enter"]["before"] == found.before.settings.state.enter


def test_the_file_says_how_it_was_found(found: Tuned, tmp_path: Path) -> None:
    out, _ = write_settings(found, tmp_path / "tuned.yaml", "emotion-monitor tune calls --seed 1")
    text = out.read_text()
    wanted = ("emotion-monitor tune calls --seed 1", f"Aim: {AIM.text}", "seed 1", "not tuned on, 2 calls, 2 speakers", "eder:")
    assert [word for word in wanted if word not in text] == []


def test_frames_that_were_damaged_are_told(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK no frames")
    with pytest.raises(StoreError, match=r"broken\.npz: cannot be read: .*delete it"):
        read(tmp_path / "broken.npz")


def test_there_must_be_a_speaker_for_each_set(calls: list[LabelledCall]) -> None:
    with pytest.raises(ConfigError, match="--folds 5: the calls are of 4 speakers"):
        folds(calls, 5, seed=1)


def test_too_few_speakers_are_told_before_anything_is_heard(
    calls: list[LabelledCall], settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="--folds 5: the calls are of 4 speakers"):
        tuned(calls, settings, folds=5, cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_leaves_no_choice_cannot_be_searched(calls: list[LabelledCall], settings: Settings) -> None:
    with pytest.raises(ConfigError, match=r"there is no 'engine' to vary; there are: state\.correlation_time"):
        tuned(calls, settings, search=("engine",))


def test_alerts_of_a_rule_that_is_not_there_are_refused(calls: list[LabelledCall], settings: Settings) -> None:
    with pytest.raises(ConfigError, match="no rule nobody"):
        tuned(calls, settings, alert_rules=("nobody",))


def test_alerts_are_scored_by_their_own_rule_alone(found: Tuned) -> None:
    assert [rule.name for rule in found.before.only(AlertAim().rules).rules.rules] == ["customer-angry"]
