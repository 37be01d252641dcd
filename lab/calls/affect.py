"""How far valence and arousal, as they go, agree with what people traced while they listened. Definitions:
docs/evaluate-calls.md.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import sqrt
from operator import add
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lab.calls.annotations import DIMENSIONS, Annotations, Dimension, Traces, together
from lab.calls.bootstrap import bounds
from lab.document import Document
from lab.hearing.hearing import Hearing, LegHeard
from monitor.errors import ConfigError
from monitor.timeline import TICK_RATE


class Agreement(Document):
    """Of two series, each -1 to 1."""

    seconds: float = Field(description="compared")
    ccc: float | None = Field(
        default=None, description="concordance correlation coefficient; none where both are constant and the same"
    )
    rmse: float = Field(description="root mean squared error, of a scale from -1 to 1")
    pearson: float | None = Field(default=None, description="correlation; none where one of both is constant")


class AgreementOverall(Agreement):
    """Of all ticks of all recordings together."""

    legs: int
    intervals: dict[str, tuple[float, float]] = Field(description="of ccc, rmse, pearson: 95 % of resampled speakers")


class AffectRow(Document):
    """One leg of one recording."""

    file: str
    leg: str
    annotators: dict[str, int] = Field(description="by dimension")
    dimensions: dict[str, Agreement]


class AffectPart(Document):
    """Valence and arousal beside those of annotators."""

    lag: float = Field(description="seconds by which annotators are later than what they heard, as it was given")
    dimensions: dict[str, AgreementOverall]
    rows: list[AffectRow]


@dataclass(frozen=True, slots=True)
class Moments:
    """Of pairs (x, y): all that agreement is counted from.

    Those of two series add up to those of both together: Chan, Golub & LeVeque (1983), The American Statistician 37, 242-247.
    """

    count: int
    x: float
    """Mean."""
    y: float
    xx: float
    """Sum of squares about the mean."""
    yy: float
    xy: float
    squares: float
    """Sum of (x - y)²."""

    @classmethod
    def of(cls, x: NDArray[np.float64], y: NDArray[np.float64]) -> "Moments":
        """Of series of shape (n,), n > 0."""
        dx, dy = x - x.mean(), y - y.mean()
        sums = (float((one * other).sum()) for one, other in ((dx, dx), (dy, dy), (dx, dy), (x - y, x - y)))
        return cls(len(x), float(x.mean()), float(y.mean()), *sums)

    def __add__(self, other: "Moments") -> "Moments":
        count = self.count + other.count
        dx, dy, share = other.x - self.x, other.y - self.y, self.count * other.count / count
        return Moments(
            count,
            self.x + dx * other.count / count,
            self.y + dy * other.count / count,
            self.xx + other.xx + dx * dx * share,
            self.yy + other.yy + dy * dy * share,
            self.xy + other.xy + dx * dy * share,
            self.squares + other.squares,
        )

    def figures(self) -> dict[str, float | None]:
        """Concordance: Lin (1989), Biometrics 45, 255-268, with variances over n."""
        apart = self.xx + self.yy + self.count * (self.x - self.y) ** 2
        spread = sqrt(self.xx * self.yy)
        return {
            "ccc": 2 * self.xy / apart if apart else None,
            "rmse": sqrt(self.squares / self.count),
            "pearson": self.xy / spread if spread else None,
        }


class AffectScoring:
    """Takes hearings one by one, and keeps what they have in common with the annotations."""

    def __init__(self, annotations: Annotations, lag: float = 0.0) -> None:
        """`lag`: seconds by which annotators are later than what they heard."""
        self._annotations = annotations
        self._lag = lag
        self._rows: list[AffectRow] = []
        self._people: dict[Dimension, dict[tuple[str, ...], list[Moments]]] = defaultdict(lambda: defaultdict(list))

    def take(self, recording: Path, hearing: Hearing, person: tuple[str, ...]) -> None:
        """Nothing where the recording is not annotated. Raises `ConfigError` where the annotations do not fit it."""
        for name, traces in self._annotations.of(recording).items():
            leg, heard = self._leg(recording, name, hearing)
            compared = self._compared(recording, heard, traces)
            for dimension, moments in compared.items():
                self._people[dimension][person].append(moments)
            self._rows.append(
                AffectRow(
                    file=recording.name,
                    leg=leg,
                    annotators={dimension: len(traces[dimension]) for dimension in compared},
                    dimensions={dimension: Agreement.model_validate(_told(moments)) for dimension, moments in compared.items()},
                )
            )

    def part(self) -> AffectPart | None:
        """All of it; None where nothing that is annotated was heard."""
        if not self._rows:
            return None
        overall: dict[str, AgreementOverall] = {
            each: _overall(self._people[each]) for each in DIMENSIONS if each in self._people
        }
        return AffectPart(lag=self._lag, dimensions=overall, rows=self._rows)

    def _leg(self, recording: Path, name: str, hearing: Hearing) -> tuple[str, LegHeard]:
        where = f"--affect {self._annotations.table}: {recording.name}"
        legs = {leg: heard for leg, heard in hearing.legs.items() if name in ("", leg)}
        if len(legs) != 1:
            what = "has no such leg" if name else "has several"
            raise ConfigError(f"{where}: column leg is {name!r}, and the recording {what}; its legs: {', '.join(hearing.legs)}")
        ((leg, heard),) = legs.items()
        if not heard.format.classes:
            raise ConfigError(f"{where}: privacy.subjects does not allow the leg {leg} to be analysed")
        return leg, heard

    def _compared(self, recording: Path, heard: LegHeard, traces: Traces) -> dict[Dimension, Moments]:
        said: dict[Dimension, NDArray[np.float32]] = {"valence": heard.valence, "arousal": heard.arousal}
        found = {}
        for dimension, of_dimension in traces.items():
            reference = together(of_dimension, len(said[dimension]), self._lag)
            there = np.isfinite(reference)
            if not there.any():
                raise ConfigError(
                    f"--affect {self._annotations.table}: at no time of {recording.name}, which is "
                    f"{len(reference) / TICK_RATE:.1f} s long, do all its annotators tell {dimension} (--lag {self._lag:g})"
                )
            found[dimension] = Moments.of(said[dimension][there].astype(np.float64), reference[there])
        return found


def _told(moments: Moments) -> dict[str, float | None]:
    return {"seconds": moments.count / TICK_RATE, **moments.figures()}


def _overall(people: Mapping[tuple[str, ...], Sequence[Moments]]) -> AgreementOverall:
    groups = list(people.values())
    every = [moments for group in groups for moments in group]
    found = bounds(groups, lambda drawn: reduce(add, drawn).figures())
    return AgreementOverall.model_validate({**_told(reduce(add, every)), "legs": len(every), "intervals": found})
