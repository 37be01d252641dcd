"""Alerts that people judged on stored calls, against what other settings and rules would raise on their frames."""

from pathlib import Path

import pytest

from lab.calls.stored import StoredCalls, read_judged, score_stored
from lab.tune.aim import parse_aim
from lab.tune.tuning import Plan, tune
from monitor.alerts.rules import RuleSet, load_rules
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.events import AlertJudged
from monitor.store.base import Store
from tests.lab.calls.judged_store import RIGHT, RULE, WRONG, judged_store
from tests.store.zarr_folder import store_at


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return judged_store(tmp_path_factory.mktemp("judged"))


@pytest.fixture(scope="module")
def stored(store: Store) -> StoredCalls:
    return read_judged(store)


def rules_with(**changes: object) -> RuleSet:
    """The rules that ship, `customer-angry` with other values."""
    rules = load_rules(None)
    documents = [{**document, **(changes if document["name"] == RULE else {})} for document in rules.document()]
    return RuleSet.from_document(documents, "changed")


def test_calls_whose_alerts_were_judged_are_read_without_sound(stored: StoredCalls) -> None:
    assert {call.name for call, _ in stored.calls} == {*RIGHT, *WRONG}
    assert stored.engine.name == "level"
    assert stored.left_out == {}


def test_the_settings_of_the_call_keep_all_and_have_the_precision_that_people_found(stored: StoredCalls) -> None:
    figures = score_stored(stored, Settings(), load_rules(None)).by_rule()[RULE]
    assert (figures.right, figures.wrong, figures.right_kept, figures.wrong_kept, figures.new) == (2, 2, 2, 2, 0)
    assert (figures.precision_raised, figures.precision, figures.recall) == (0.5, 0.5, 1.0)


def test_a_rule_that_waits_longer_loses_the_wrong_ones(stored: StoredCalls) -> None:
    figures = score_stored(stored, Settings(), rules_with(hold=8.0)).by_rule()[RULE]
    assert (figures.right_kept, figures.wrong_kept, figures.precision, figures.f1) == (2, 0, 1.0, 1.0)


def test_rules_that_raise_nothing_any_more_have_no_precision(stored: StoredCalls) -> None:
    figures = score_stored(stored, Settings(), rules_with(hold=100.0)).by_rule()[RULE]
    assert (figures.right_kept, figures.wrong_kept, figures.precision, figures.recall) == (0, 0, None, 0.0)


def test_a_search_finds_what_people_would_have_wanted(stored: StoredCalls) -> None:
    plan = Plan(aim=parse_aim("judged.f1 where judged.new_per_hour <= 600"), search=(f"rules.{RULE}.hold",), trials=12, folds=2)
    tuned = tune([], Settings(), plan, stored=stored, jobs=1, progress=lambda stage, done, total: None)
    assert (tuned.tuning.before["judged.precision"], tuned.tuning.after["judged.precision"]) == (0.5, 1.0)
    assert tuned.tuning.after["judged.recall"] == 1.0
    assert tuned.values()[f"rules.{RULE}.hold"][1] > 3.0


def test_a_call_of_judged_alerts_alone_bears_upon_no_other_figure(stored: StoredCalls) -> None:
    plan = Plan(aim=parse_aim("judged.f1"), trials=1, folds=2)
    before = tune([], Settings(), plan, stored=stored, jobs=1, progress=lambda *_: None).tuning.before
    told = {name for name, value in before.items() if value and not name.startswith("judged.")}
    assert told == set()


def test_where_nothing_was_judged_there_is_nothing_to_read(tmp_path: Path) -> None:
    empty = store_at(tmp_path / "store")
    empty.journal.append(AlertJudged(call="gone", id="gone:r:customer:1", by="Kim", right=True))
    with pytest.raises(ConfigError, match="no alert of a stored call was judged"):
        read_judged(empty)
