"""What a search found, beside what it began with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.calls.bootstrap import intervals
from lab.calls.report import NAMES
from lab.calls.score import CallScore
from lab.hearing.listeners import Unheard
from lab.tune.aim import Aim, Figures, figures_of
from lab.tune.proposal import Proposal
from lab.tune.search import Search, Trial
from lab.tune.space import Knob
from monitor.engines.base import EngineInfo


@dataclass(frozen=True, slots=True)
class Compared:
    """The same calls with the settings that the search began with, and with those that it found."""

    calls: int
    speakers: int
    seconds: float
    before: Figures
    after: Figures
    scores_before: tuple[CallScore, ...]
    scores_after: tuple[CallScore, ...]

    def gains(self, names: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Bounds of after minus before, for 95 % of resamples of the speakers. Empty where there are fewer than two."""
        after = {id(one): other for one, other in zip(self.scores_before, self.scores_after, strict=True)}

        def gained(drawn: Sequence[CallScore]) -> dict[str, float | None]:
            one, other = figures_of(drawn), figures_of([after[id(score)] for score in drawn])
            return {name: _difference(one[name], other[name]) for name in names}

        return intervals(self.scores_before, gained)


@dataclass(frozen=True, slots=True)
class Tuned:
    """All of it."""

    aim: Aim
    engine: EngineInfo
    alert_rules: tuple[str, ...]
    knobs: tuple[Knob, ...]
    before: Proposal
    after: Proposal
    best: Trial | None
    """Trial that `after` is of; None where no trial was better than what the search began with."""
    tuning: Compared
    """Speakers that trials were scored on."""
    apart: Compared
    """Speakers kept apart: for each, the settings come from a search that never heard them."""
    folds: int
    cross: bool
    seed: int
    search: Search
    """The one that found `after`."""
    unheard: tuple[Unheard, ...]
    seconds: float

    @property
    def met(self) -> bool:
        """Whether the limits of the aim are kept on the tuning speakers."""
        return all(excess <= 0 for excess in self.aim.excess(self.tuning.after).values())

    @property
    def figures(self) -> tuple[str, ...]:
        """Worth showing: those of the aim, then the headline ones."""
        return tuple(dict.fromkeys([*self.aim.figures, *NAMES]))

    def turned(self) -> dict[str, tuple[Any, Any]]:
        """Before and after of each knob."""
        return {knob.key: (self.before.of(knob), self.after.of(knob)) for knob in self.knobs}

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "aim": self.aim.text,
            "limits_kept": self.met,
            "engine": {"name": self.engine.name, "model": self.engine.model, "version": self.engine.version},
            "alert_rules": list(self.alert_rules),
            "seed": self.seed,
            "folds": self.folds,
            "cross": self.cross,
            "seconds": self.seconds,
            "trials": [
                {"number": t.number, "value": t.value, "excess": t.excess, "drawn": t.drawn} for t in self.search.trials
            ],
            "best": None if self.best is None else self.best.number,
            "knobs": {key: {"before": one, "after": other} for key, (one, other) in self.turned().items()},
            "importance": self.search.importance(),
            "tuning": _json(self.tuning, self.figures),
            "apart": _json(self.apart, self.figures),
            "unheard": [{"file": str(each.take.path), "reason": each.reason} for each in self.unheard],
        }


def _json(compared: Compared, names: Sequence[str]) -> dict[str, Any]:
    return {
        "calls": compared.calls,
        "speakers": compared.speakers,
        "hours": compared.seconds / 3600,
        "before": {name: compared.before[name] for name in names},
        "after": {name: compared.after[name] for name in names},
        "gains": {name: list(bounds) for name, bounds in compared.gains(names).items()},
    }


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else other - one
