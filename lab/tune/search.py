"""Looks for the best proposal with Optuna: a tree-structured Parzen estimator over all knobs together.

Bergstra, Bardenet, Bengio & Kegl (2011), "Algorithms for hyper-parameter optimization"; over all at once as in Falkner, Klein &
Hutter (2018), "BOHB". Limits of the aim are constraints: of two trials that break one, the less broken counts as better. What
the search begins with is its first trial, as far as its values can be drawn, and stays where nothing better is found.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.tune.aim import Aim, Figures
from lab.tune.proposal import Proposal
from lab.tune.space import Knob
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from optuna import Study

RANDOM_TRIALS = 15
"""Drawn before anything is learned."""

Tell = Callable[[int, int, "Trial | None"], object]
"""Is told the trials done, of how many, and the best so far."""


@dataclass(frozen=True, slots=True)
class Budget:
    """When a search is over: whichever comes first."""

    trials: int
    """In all, those of a search that is gone on with included."""
    deadline: float | None = None
    """On the monotonic clock."""

    def left(self, done: int) -> bool:
        """Whether another trial may begin."""
        return done < self.trials and (self.deadline is None or time.monotonic() < self.deadline)


@dataclass(frozen=True, slots=True)
class Trial:
    """A proposal that was scored."""

    number: int
    """From 0."""
    value: float
    """What the aim makes large."""
    excess: float
    """Sum of what limits were broken by; 0 where all are kept."""
    drawn: Mapping[str, Any]

    @property
    def rank(self) -> tuple[float, float, int]:
        """The larger, the better."""
        return (-self.excess, self.value, -self.number)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search ended in."""

    proposal: Proposal
    trial: Trial | None
    """None where no trial was better than what the search began with."""


class Search:
    """A search, kept in `file` where one is given."""

    def __init__(
        self, name: str, knobs: Sequence[Knob], aim: Aim, about: Mapping[str, Any], seed: int, file: Path | None
    ) -> None:
        """Go on with the search `name` in `file`, or begin it.

        `about` is what trials depend on besides knobs and aim. Raises `ConfigError` where the search in the file is about
        something else, or the file cannot be used.
        """
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._knobs = knobs
        self._aim = aim
        try:
            study = optuna.create_study(storage=_storage(file), study_name=name, direction="maximize", load_if_exists=True)
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(f"{file}: is no search that can be gone on with: {error}") from None
        _check(study, {"aim": aim.text, "knobs": [str(knob) for knob in knobs], **about}, file)
        seed += len(study.trials)  # going on must not draw the same again
        study.sampler = optuna.samplers.TPESampler(n_startup_trials=RANDOM_TRIALS, multivariate=True, seed=seed)
        self.study = study

    @property
    def trials(self) -> list[Trial]:
        """Those that were scored, in their order."""
        return [
            Trial(trial.number, trial.value, trial.user_attrs["excess"], trial.params)
            for trial in self.study.trials
            if trial.value is not None and "excess" in trial.user_attrs
        ]

    @property
    def best(self) -> Trial | None:
        """The best so far."""
        return max(self.trials, key=lambda trial: trial.rank, default=None)

    def run(
        self, start: Proposal, before: Figures, figures: Callable[[Proposal], Figures], budget: Budget, tell: Tell
    ) -> Found:
        """Search until the budget is used up, from `start`, whose figures are `before`. `figures` scores a proposal."""
        from optuna.trial import TrialState

        distributions = {knob.key: knob.values.distribution() for knob in self._knobs}
        done = len(self.trials)
        if done == 0:
            self.study.enqueue_trial(start.drawn(self._knobs))
        while budget.left(done):
            tell(done, budget.trials, self.best)
            trial = self.study.ask(distributions)
            try:
                found = figures(start.turned(self._knobs, trial.params))
            except BaseException:
                self.study.tell(trial, state=TrialState.FAIL)
                raise
            broken = self._aim.excess(found)
            for name, excess in broken.items():
                trial.set_constraint(name, excess)
            trial.set_user_attr("excess", _broken(broken))
            trial.set_user_attr("figures", {figure: found[figure] for figure in self._aim.figures})
            self.study.tell(trial, self._aim.value(found))
            done += 1
        tell(done, budget.trials, self.best)
        least = (-_broken(self._aim.excess(before)), self._aim.value(before))
        best = self.best
        if best is None or best.rank[:2] <= least:
            return Found(start, None)
        return Found(start.turned(self._knobs, best.drawn), best)

    def importance(self) -> dict[str, float]:
        """Which knobs decide whether a trial is among the best tenth (PED-ANOVA: Watanabe et al. 2023); they add up to 1.

        Nothing where there are too few trials to tell.
        """
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        if len({trial.value for trial in self.trials}) < RANDOM_TRIALS:
            return {}
        return dict(get_param_importances(self.study, evaluator=PedAnovaImportanceEvaluator()))


def _broken(excess: Mapping[str, float]) -> float:
    return sum(max(0.0, each) for each in excess.values())


def _storage(file: Path | None) -> Any:
    from optuna.storages import InMemoryStorage, JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return InMemoryStorage() if file is None else JournalStorage(JournalFileBackend(str(file)))


def _check(study: "Study", about: Mapping[str, Any], file: Path | None) -> None:
    known = study.user_attrs
    for key, value in about.items():
        if key not in known:
            study.set_user_attr(key, value)
        elif known[key] != value:
            raise ConfigError(f"--resume: the search in {file} was another one: {key} differ; begin anew with another --out")
