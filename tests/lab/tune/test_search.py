"""A search finds what is best within the limits, and says what mattered. Figures here are functions of settings: no calls."""

from pathlib import Path

import pytest

from lab.tune.aim import Figures, figures_of, parse_aim
from lab.tune.plots import bars
from lab.tune.proposal import Proposal
from lab.tune.search import Budget, Search, Trial
from lab.tune.space import SETTINGS
from monitor.alerts.rules import RuleSet
from monitor.config import Settings
from monitor.errors import ConfigError

KNOBS = [knob for knob in SETTINGS if knob.key in ("state.enter", "state.leave", "state.min_hold")]
START = Proposal(Settings(), RuleSet(()))
AIM = parse_aim("alerts.f1 where eder <= 1")


def figures(proposal: Proposal) -> Figures:
    """The longer labels are held, the better; but beyond a second, a limit is broken."""
    hold = proposal.settings.state.min_hold
    return {**figures_of([]), "alerts.f1": hold, "eder": hold}


def nobody(done: int, total: int, best: Trial | None) -> None:
    """Nobody looks."""


def searched(trials: int, seed: int = 1, aim: str = AIM.text, file: Path | None = None) -> Search:
    search = Search("test", KNOBS, parse_aim(aim), {}, seed, file)
    search.run(START, figures(START), figures, Budget(trials), nobody)
    return search


def test_the_best_within_the_limits_is_found() -> None:
    search = searched(40)
    assert search.best is not None
    assert (search.best.value, search.best.excess) == (1.0, 0.0)
    assert max(trial.value for trial in search.trials) > 1.0


def test_where_no_trial_keeps_the_limits_the_nearest_is_best() -> None:
    best = searched(40, aim="alerts.f1 where eder <= -1").best
    assert best is not None
    assert best.excess > 0
    assert best.value < 0.2


def test_what_it_began_with_stays_where_nothing_is_better() -> None:
    search = Search("test", KNOBS, AIM, {}, 1, None)
    best = {**figures(START), "alerts.f1": 99.0}
    found = search.run(START, best, figures, Budget(3), nobody)
    assert (found.proposal, found.trial) == (START, None)


def test_what_mattered_is_told() -> None:
    importance = searched(40).importance()
    assert max(importance, key=lambda key: importance[key]) == "state.min_hold"
    assert sum(importance.values()) == pytest.approx(1)
    assert bars(importance).axes


def test_of_few_trials_nothing_is_told() -> None:
    assert searched(3).importance() == {}


def test_a_trial_that_was_broken_off_does_not_count(tmp_path: Path) -> None:
    def broken_off(proposal: Proposal) -> Figures:
        raise KeyboardInterrupt

    search = Search("test", KNOBS, AIM, {}, 1, tmp_path / "trials.jsonl")
    with pytest.raises(KeyboardInterrupt):
        search.run(START, figures(START), broken_off, Budget(3), nobody)
    assert searched(3, file=tmp_path / "trials.jsonl").trials[-1].number == 3


def test_a_file_that_holds_no_search_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trials.jsonl").write_text("no trials\n")
    with pytest.raises(ConfigError, match=r"trials\.jsonl"):
        searched(1, file=tmp_path / "trials.jsonl")
