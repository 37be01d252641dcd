"""The whole of `emotion-monitor tune`: hear the calls, try proposals, and say what was gained with people kept apart.

Trials are drawn at random (Bergstra & Bengio 2012, "Random search for hyper-parameter optimization"), each independent of what
came of the others. So one set of trials, scored once on every call, serves all choices: the best on all speakers, which is
written, and for each set of speakers the best on the others, which says what such a choice is worth for people whom it never
heard (cross-validation; Stone 1974).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from lab.calls.alerts import DEFAULT_RULE, AlertAim, aim_for
from lab.calls.bootstrap import intervals
from lab.calls.figures import NAMES
from lab.calls.labelled import LabelledCall
from lab.calls.run import plain_take
from lab.calls.score import CallScore
from lab.calls.stored import StoredCalls
from lab.hearing.listeners import Listeners, Unheard
from lab.hearing.takes import Take
from lab.tune.aim import REAL, Aim, Figures, figures_of
from lab.tune.judge import Heard, Judge
from lab.tune.proposal import Proposal, Range
from monitor.alerts.rules import load_rules
from monitor.config import Settings
from monitor.engines.base import EngineInfo
from monitor.errors import ConfigError, SourceError
from monitor.learned.configured import configured
from monitor.learned.engine_key import EngineKey

Progress = Callable[[str, int, int], object]
"""Is told the stage, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    aim: Aim
    alert_rules: tuple[str, ...] = (DEFAULT_RULE,)
    """Rules whose alerts are measured, and whose values may be varied."""
    search: tuple[str, ...] | None = None
    """What may be varied: keys, or their beginnings; None is what the aim depends on."""
    trials: int = 150
    minutes: float | None = None
    """After which no further trial is begun."""
    unlabelled: tuple[Path, ...] = ()
    """Recordings of calls without labels: how often they warn of emotion is the figure `real.alerts_per_hour`."""
    folds: int = 4
    """Sets of speakers, each kept apart once."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """A proposal that was scored on all calls. Number 0 is what was begun with."""

    number: int
    values: Mapping[str, float]
    """What was varied."""
    proposal: Proposal
    scores: tuple[CallScore, ...]
    real_per_hour: float | None = None
    """Alerts about emotion in calls without labels; None where there are none."""

    def figures(self, calls: Iterable[int]) -> Figures:
        """Of some calls, by their index, and of all calls without labels: nobody knows who speaks in these."""
        return {**figures_of([self.scores[index] for index in calls]), REAL: self.real_per_hour}


@dataclass(frozen=True, slots=True)
class Compared:
    """The same calls with what was begun with, and with what was chosen."""

    scores_before: tuple[CallScore, ...]
    scores_after: tuple[CallScore, ...]
    real_before: float | None = None
    real_after: float | None = None
    """Alerts about emotion an hour of calls without labels; None where there are none, or several choices."""

    @property
    def before(self) -> Figures:
        """All figures with what was begun with."""
        return {**figures_of(self.scores_before), REAL: self.real_before}

    @property
    def after(self) -> Figures:
        """All figures with what was chosen."""
        return {**figures_of(self.scores_after), REAL: self.real_after}

    @property
    def who(self) -> str:
        """Calls, speakers and minutes, for people."""
        calls = [score.call for score in self.scores_before]
        minutes = sum(call.seconds for call in calls) / 60
        return f"{len(calls)} calls, {len({call.person for call in calls})} speakers, {minutes:.0f} min"

    def gains(self, names: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Bounds of after minus before, for 95 % of resamples of the speakers. Empty where there are fewer than two."""
        after = {id(one): other for one, other in zip(self.scores_before, self.scores_after, strict=True)}

        def gained(drawn: Sequence[CallScore]) -> dict[str, float | None]:
            one, other = figures_of(drawn), figures_of([after[id(score)] for score in drawn])
            return {name: _difference(one[name], other[name]) for name in names if name != REAL}

        return intervals(self.scores_before, gained)

    def as_json(self, names: Sequence[str]) -> dict[str, Any]:
        """JSON-ready."""
        before, after, calls = self.before, self.after, [score.call for score in self.scores_before]
        return {
            "calls": len(calls),
            "speakers": len({call.person for call in calls}),
            "hours": sum(call.seconds for call in calls) / 3600,
            "before": {name: before[name] for name in names},
            "after": {name: after[name] for name in names},
            "gains": {name: list(bounds) for name, bounds in self.gains(names).items()},
        }


@dataclass(frozen=True, slots=True)
class Tuned:
    """All of it."""

    plan: Plan
    engine: EngineInfo
    alerts: AlertAim
    keys: tuple[str, ...]
    """That were varied."""
    trials: tuple[Trial, ...]
    best: Trial
    """On all speakers: what is written."""
    tuning: Compared
    """All speakers, with the best."""
    apart: Compared
    """All speakers, each with what is best for the others."""
    unheard: tuple[Unheard, ...]
    seconds: float

    @property
    def met(self) -> bool:
        """Whether the limits of the aim are kept."""
        return self.plan.aim.broken(self.tuning.after) == 0

    @property
    def figures(self) -> tuple[str, ...]:
        """Worth showing: those of the aim, then the headline ones."""
        real = [] if self.best.real_per_hour is None else [REAL]
        return tuple(dict.fromkeys([*self.plan.aim.figures, *NAMES, *real]))

    def values(self) -> dict[str, tuple[Any, Any]]:
        """Before and after of each key that was varied."""
        return {key: (self.trials[0].proposal.value(key), self.best.proposal.value(key)) for key in self.keys}

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        aim, everybody = self.plan.aim, range(len(self.best.scores))
        trials = [(trial, trial.figures(everybody)) for trial in self.trials]
        return {
            "aim": aim.text,
            "limits_kept": self.met,
            "engine": {name: getattr(self.engine, name) for name in ("name", "model", "version", "licence")},
            "alert_rules": list(self.alerts.rules),
            "seed": self.plan.seed,
            "folds": self.plan.folds,
            "seconds": self.seconds,
            "trials": [
                {"number": trial.number, "value": aim.value(found), "excess": aim.broken(found), "values": dict(trial.values)}
                for trial, found in trials
            ],
            "best": self.best.number,
            "values": {key: {"before": one, "after": other} for key, (one, other) in self.values().items()},
            "tuning": self.tuning.as_json(self.figures),
            "apart": self.apart.as_json(self.figures),
            "unheard": [{"file": str(each.take.path), "reason": each.reason} for each in self.unheard],
        }


def tune(
    calls: Sequence[LabelledCall],
    settings: Settings,
    plan: Plan,
    *,
    stored: StoredCalls | None = None,
    jobs: int,
    progress: Progress,
) -> Tuned:
    """Look for the settings and rules that serve the aim best: on labelled calls, on judged ones of a store, or on both.

    Raises `ConfigError` where plan and calls do not fit each other, and `SourceError` where no call can be heard.
    """
    begun = time.monotonic()
    if not calls and stored is None:
        raise ConfigError("nothing to tune on: name folders of labelled calls, or --judged")
    if plan.unlabelled and not calls:
        raise ConfigError("--unlabelled: calls are heard beside labelled ones only; name folders of these, too")
    judged = [call for call, _ in stored.calls] if stored is not None else []
    folds([*calls, *judged], plan.folds)  # refused before hours are spent on hearing, and again by what could be heard
    start = Proposal(settings, load_rules(settings.alerts.rules))
    alerts = aim_for(start.rules, plan.alert_rules)
    ranges = _wanted(start.ranges(alerts.rules), plan)
    learned = configured(settings.analysis)
    if stored is None:
        heard, engine, unheard = _hear(calls, settings, alerts, plan.unlabelled, jobs, progress)
    elif calls:
        heard, engine, unheard = _with_stored(_hear(calls, settings, alerts, plan.unlabelled, jobs, progress), stored)
    else:
        heard, engine, unheard = Heard(stored.calls, stored.engine.labels, alerts), stored.engine, ()
    start = replace(start, rules=start.rules.heard_with(learned, EngineKey(engine.name, engine.version, engine.dim)))
    sets = folds([call for call, _ in heard.calls], plan.folds)
    with Judge(heard, jobs) as judge:
        trials: list[Trial] = []
        for trial in _trials(start, ranges, judge, plan):
            if not trials:
                plan.aim.check(trial.figures(range(len(heard.calls))))
            trials.append(trial)
            progress("trials", len(trials), plan.trials + 1)
    everybody = range(len(heard.calls))
    best = _best(trials, everybody, plan.aim)
    apart: dict[int, CallScore] = {}
    for kept in sets:
        chosen = _best(trials, [index for index in everybody if index not in kept], plan.aim)
        apart |= {index: chosen.scores[index] for index in kept}
    return Tuned(
        plan=plan,
        engine=engine,
        alerts=alerts,
        keys=tuple(ranges),
        trials=tuple(trials),
        best=best,
        tuning=Compared(trials[0].scores, best.scores, trials[0].real_per_hour, best.real_per_hour),
        apart=Compared(trials[0].scores, tuple(apart[index] for index in everybody)),
        unheard=unheard,
        seconds=time.monotonic() - begun,
    )


def folds(calls: Sequence[LabelledCall], sets: int) -> list[frozenset[int]]:
    """Indices of calls in `sets` parts, no customer in two of them. Raises `ConfigError` where there are fewer customers."""
    people = [str(call.person) for call in calls]
    if sets < 2 or len(set(people)) < sets:
        raise ConfigError(
            f"--folds {sets}: the calls are of {len(set(people))} speakers; give fewer folds, but at least 2, or more calls"
        )
    return [frozenset(kept.tolist()) for _, kept in GroupKFold(sets).split(people, groups=people)]


def _hear(
    calls: Sequence[LabelledCall],
    settings: Settings,
    alerts: AlertAim,
    unlabelled: Sequence[Path],
    jobs: int,
    progress: Progress,
) -> tuple[Heard, EngineInfo, tuple[Unheard, ...]]:
    heard, real, unheard = [], [], []
    with Listeners(settings, jobs) as listeners:
        takes = listeners.hear(map(plain_take, calls), embeddings=True)
        for done, (call, (_, hearing)) in enumerate(zip(calls, takes, strict=True), start=1):
            if isinstance(hearing, Unheard):
                unheard.append(hearing)
            else:
                heard.append((call, hearing))
            progress("hearing calls", done, len(calls))
        for done, (_, hearing) in enumerate(listeners.hear(map(Take, unlabelled), embeddings=True), start=1):
            if isinstance(hearing, Unheard):
                unheard.append(hearing)
            else:
                real.append(hearing)
            progress("hearing calls without labels", done, len(unlabelled))
        info = listeners.info
    if not heard:
        raise SourceError(f"none of {len(calls)} calls could be heard; the first: {unheard[0].reason}")
    return Heard(tuple(heard), info.labels, alerts, tuple(real)), info, tuple(unheard)


def _with_stored(
    heard: tuple[Heard, EngineInfo, tuple[Unheard, ...]], stored: StoredCalls
) -> tuple[Heard, EngineInfo, tuple[Unheard, ...]]:
    """What was heard now, and what was heard when it was stored. Raises `ConfigError` where the engines differ."""
    now, engine, unheard = heard
    if (engine.name, engine.version, engine.labels) != (stored.engine.name, stored.engine.version, stored.engine.labels):
        raise ConfigError(
            f"the judged calls were heard by {stored.engine.name} {stored.engine.version}, the others now by "
            f"{engine.name} {engine.version}: tune on one of them"
        )
    return replace(now, calls=now.calls + stored.calls), engine, unheard


def _trials(start: Proposal, ranges: Mapping[str, Range], judge: Judge, plan: Plan) -> Iterator[Trial]:
    """What was begun with, then as many others as the plan wants, or as there is time for."""
    yield _trial(0, {}, start, judge)
    generator = np.random.default_rng(plan.seed)
    deadline = None if plan.minutes is None else time.monotonic() + 60 * plan.minutes
    for number in range(1, plan.trials + 1):
        if deadline is not None and time.monotonic() >= deadline:
            return
        values, proposal = start.drawn(ranges, generator)
        yield _trial(number, values, proposal, judge)


def _trial(number: int, values: Mapping[str, float], proposal: Proposal, judge: Judge) -> Trial:
    scores, alarms = judge.scores(proposal)
    return Trial(number, values, proposal, tuple(scores), alarms / judge.real_hours if judge.real_hours else None)


def _best(trials: Sequence[Trial], calls: Sequence[int], aim: Aim) -> Trial:
    """The trial that breaks limits least, of those the one of the largest value, of those the first."""
    return max(trials, key=lambda trial: aim.rank(trial.figures(calls)))


def _wanted(there: Mapping[str, Range], plan: Plan) -> dict[str, Range]:
    names = _parts(plan.aim) if plan.search is None else plan.search
    for name in names:
        if not any(_is_of(key, name) for key in there):
            raise ConfigError(f"--search: there is no {name!r} to vary; there are: {', '.join(there)}")
    return {key: values for key, values in there.items() if any(_is_of(key, name) for name in names)}


def _is_of(key: str, name: str) -> bool:
    """Whether `name` is the key, or a part that it belongs to: `state`, `rules.customer-angry`."""
    return f"{key}.".startswith(f"{name}.")


def _parts(aim: Aim) -> tuple[str, ...]:
    """What the figures of an aim depend on first of all."""
    about = {figure.partition(".")[0] for figure in aim.figures}
    wanted = {"state": bool(about - {"changes"}), "changes": "changes" in about, "rules": bool(about & {"alerts", "judged"})}
    return tuple(part for part, is_wanted in wanted.items() if is_wanted)


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else other - one
