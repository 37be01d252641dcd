"""The whole of `emotion-monitor tune`: hear the calls, search, and say what was gained with speakers who were kept apart."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.calls.alerts import DEFAULT_RULE, AlertAim, aim_for
from lab.calls.labelled import LabelledCall
from lab.calls.score import CallScore
from lab.tune.aim import Aim, figures_of
from lab.tune.folds import Fold, folds, speaker_of
from lab.tune.judge import Judge
from lab.tune.proposal import Proposal
from lab.tune.result import Compared, Tuned
from lab.tune.room import Progress, Room
from lab.tune.search import Budget, Found, Search
from lab.tune.space import Knob, rule_knobs, settings_knobs
from monitor.alerts.rules import load_rules
from monitor.config import Settings
from monitor.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a search."""

    aim: Aim
    alert_rules: tuple[str, ...] = (DEFAULT_RULE,)
    """Rules whose alerts are measured, and whose values may be turned."""
    search: tuple[str, ...] | None = None
    """What may be turned: keys of knobs, or their beginnings; None is what the aim depends on, the engine left out."""
    trials: int = 150
    minutes: float | None = None
    """After which a search is over, if its trials are not done before."""
    folds: int = 4
    """Sets that speakers are split into."""
    cross: bool = False
    """Keep each set apart in turn, in a search of its own, and write what a search on all finds."""
    seed: int = 1
    study: Path | None = None
    """File that trials are kept in."""
    cache: Path | None = None
    """Folder that what was heard is kept in; None keeps it for the time of the search."""


def tune(calls: Sequence[LabelledCall], settings: Settings, plan: Plan, *, jobs: int, progress: Progress) -> Tuned:
    """Search for the settings and rules that serve the aim best.

    Raises `ConfigError` where plan and calls do not fit each other, and `SourceError` where no call can be heard.
    """
    begun = time.monotonic()
    if plan.folds < 2:
        raise ConfigError(f"--folds {plan.folds}: at least 2, so that speakers can be kept apart")
    folds(calls, plan.folds, plan.seed)  # refused before hours are spent on hearing, and again by what could be heard
    start = Proposal(settings, load_rules(settings.alerts.rules))
    alerts = aim_for(start.rules, plan.alert_rules)
    knobs = _knobs(start, plan, alerts)
    with TemporaryDirectory(prefix="emotion-monitor-tune-") as temporary, Judge(alerts, jobs) as judge:
        room = Room(calls, plan.cache or Path(temporary), jobs, progress)
        room.hear(settings)
        work = _Work(room, judge, plan, start, alerts, knobs)
        first, *others = folds(room.calls, plan.folds, plan.seed)
        if plan.cross:
            apart: dict[int, CallScore] = {}
            for number, fold in enumerate([first, *others]):
                without = work.search(f"search {number + 1} of {plan.folds + 1}", fold, number / (plan.folds + 1), progress)
                apart |= {index: without.scores[index] for index in fold}
            best = work.search(f"search {plan.folds + 1} of {plan.folds + 1}", (), plan.folds / (plan.folds + 1), progress)
        else:
            best = work.search("search", first, 0.0, progress)
            apart = {index: best.scores[index] for index in first}
        return Tuned(
            aim=plan.aim,
            engine=room.info,
            alert_rules=alerts.rules,
            knobs=tuple(knobs),
            before=start,
            after=best.found.proposal,
            best=best.found.trial,
            tuning=_compared(work.before, {index: best.scores[index] for index in best.tuning}),
            apart=_compared(work.before, apart),
            folds=plan.folds,
            cross=plan.cross,
            seed=plan.seed,
            search=best.search,
            unheard=tuple(room.unheard),
            seconds=time.monotonic() - begun,
        )


@dataclass(frozen=True, slots=True)
class _Searched:
    """A search that is over, and all calls scored with what it found."""

    search: Search
    found: Found
    tuning: Fold
    scores: list[CallScore]


class _Work:
    """What all searches of a run have in common."""

    def __init__(self, room: Room, judge: Judge, plan: Plan, start: Proposal, alerts: AlertAim, knobs: Sequence[Knob]) -> None:
        self._room = room
        self._judge = judge
        self._plan = plan
        self._start = start
        self._alerts = alerts
        self._knobs = knobs
        self._everybody = tuple(range(len(room.calls)))
        self._begun = time.monotonic()
        self.before = self._scores(start, self._everybody)

    def search(self, name: str, apart: Fold, elapsed: float, progress: Progress) -> _Searched:
        """Search on all calls but `apart`, when the share `elapsed` of the searches is done."""
        plan = self._plan
        tuning = tuple(index for index in self._everybody if index not in apart)
        before = figures_of([self.before[index] for index in tuning])
        plan.aim.check(before)
        search = Search(name, self._knobs, plan.aim, self._about(tuning), plan.seed, plan.study)
        share = 1 / (plan.folds + 1) if plan.cross else 1.0
        deadline = None if plan.minutes is None else self._begun + 60 * plan.minutes * (elapsed + share)
        found = search.run(
            self._start,
            before,
            lambda proposal: figures_of(self._scores(proposal, tuning)),
            Budget(plan.trials, deadline),
            lambda done, total, best: progress(name, done, total, best),
        )
        return _Searched(search, found, tuning, self._scores(found.proposal, self._everybody))

    def _scores(self, proposal: Proposal, indices: Sequence[int]) -> list[CallScore]:
        return self._judge.scores(self._room.cases(proposal.settings, indices), proposal)

    def _about(self, indices: Sequence[int]) -> Mapping[str, object]:
        """What trials depend on, for a search that is gone on with."""
        start = self._start
        settings = start.settings.model_dump_json(include={"engine", "privacy", "state", "changes"})
        return {
            "calls": _digest(*(str(self._room.calls[index]) for index in indices)),
            "settings": _digest(settings, str(start.rules.document()), str(self._room.info)),
            "alert rules": list(self._alerts.rules),
        }


def _knobs(start: Proposal, plan: Plan, alerts: AlertAim) -> list[Knob]:
    names = _parts(plan.aim) if plan.search is None else plan.search
    there = settings_knobs(start.settings)
    there += [knob for rule in start.rules.rules if rule.name in alerts.rules for knob in rule_knobs(rule)]
    for name in names:
        if not any(knob.is_of([name]) for knob in there):
            raise ConfigError(f"--search: there is no {name!r} to vary; there are: {', '.join(knob.key for knob in there)}")
    return [knob for knob in there if knob.is_of(names)]


def _parts(aim: Aim) -> tuple[str, ...]:
    """What the figures of an aim depend on first of all."""
    about = {figure.partition(".")[0] for figure in aim.figures}
    wanted = {"state": bool(about - {"changes"}), "changes": "changes" in about, "rules": "alerts" in about}
    return tuple(part for part, is_wanted in wanted.items() if is_wanted)


def _digest(*texts: str) -> str:
    return sha256("\n".join(texts).encode()).hexdigest()


def _compared(before: Sequence[CallScore], after: Mapping[int, CallScore]) -> Compared:
    one, other = tuple(before[index] for index in after), tuple(after.values())
    speakers = len({speaker_of(score.call) for score in one})
    seconds = sum(score.call.seconds for score in one)
    return Compared(len(one), speakers, seconds, figures_of(one), figures_of(other), one, other)
