"""Where one recording changes, all of it at hand: `ruptures`, beside the largest step of the mean over the features.

The mean over the features is one number a frame, and its largest step between two neighbouring frames is a way that is often
shown to find "the" change of an embedding. It sees one direction of hundreds and 20 ms of time, and there is always one. Kernel
change-point detection (Celisse, Marot, Pierre-Jean & Rigaill 2018; Arlot, Celisse & Harchaoui 2019, JMLR 20) compares whole
stretches in all directions, and says how many changes there are.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import TooFewPointsError
from monitor.analysis.stretches import points_of
from monitor.changes.statistic import scatter

Model = Literal["rbf", "linear", "cosine"]
"""What changes: `rbf` the distribution, `linear` the mean, `cosine` the direction."""
TICK = 0.1
"""Seconds of speech that are one point of the search."""
SMALLEST = 1.0
"""Seconds of speech on each side of a change."""
MOST_TICKS = 1_500
"""A longer recording is searched in longer ticks: time and memory grow with the square."""
CLEAR = 4.0
"""Times its noise that a change must gain, where no penalty is given. Measured on autoregressive noise without a change, of 6
to 60 s, neighbouring ticks correlated by up to .85: no more than 5 % of recordings reach it."""
_RIVAL = 0.75
_COMPONENTS = 8
"""Directions that are searched."""
_RIVAL = 0.75
_BLOCK = 2.0
"""Seconds of a batch, by which noise is measured: long against the correlation of neighbouring ticks."""
_APART = 3
"""Changes at which a recording is cut, at most, before its noise is measured: else changes would count as noise."""


@dataclass(frozen=True, slots=True)
class Step:
    """The largest step of the mean over the features."""

    time: float
    """Second of the call at which the frame after the step begins."""
    size: float
    """Absolute difference of the means of two neighbouring frames."""
    rivals: int
    """Other steps that are at least three quarters as large."""
    in_speech: bool | None
    """Whether the leg speaks on both sides; None where nobody knows when it does."""


@dataclass(frozen=True, slots=True, eq=False)
class ChangeAnalysis:
    """Where a recording changes, and what its simplest measure says."""

    source: str
    model: Model
    penalty: float | None
    """By which each change must lower the cost; None where their number was given."""
    chosen: bool
    """Whether the penalty was chosen here."""
    smallest: float
    """Seconds of speech on each side of a change."""
    tick: float
    """Seconds that are one point of the search."""
    times: NDArray[np.float64]
    """Shape (n,), the second at which each tick of speech begins."""
    signal: NDArray[np.float64]
    """Shape (n, K), the ticks as they were searched: standardised principal directions."""
    labels: tuple[str, ...]
    """What the engine says of each tick; empty where nobody knows."""
    changes: tuple[float, ...]
    """Seconds of the call."""
    gains: tuple[float, ...]
    """By how much each change lowers the cost of what lies between its neighbours."""
    frame_times: NDArray[np.float64]
    """Shape (T,), seconds."""
    frame_means: NDArray[np.float64]
    """Shape (T,): the mean over the features of each frame, NaN where there is no result."""
    step: Step | None
    """None where no two neighbouring frames have a result."""
    skipped: int
    """Frames without a result, which are left out."""

    def segments(self) -> list[tuple[float, float, str]]:
        """What lies between changes: begin and end in seconds, and the label that the engine says most of it is."""
        bounds = [float(self.times[0]), *self.changes, float(self.times[-1] + self.tick)]
        found = []
        for begin, end in pairwise(bounds):
            inside = [self.labels[index] for index in np.flatnonzero((self.times >= begin) & (self.times < end))]
            found.append((begin, end, max(sorted(set(inside)), key=inside.count) if inside else ""))
        return found

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {
            "source": self.source,
            "model": self.model,
            "penalty": self.penalty,
            "penalty_chosen": self.chosen,
            "smallest_seconds": self.smallest,
            "tick_seconds": self.tick,
            "ticks": len(self.times),
            "changes": [
                {"time": round(time, 3), "gain": round(gain, 4)} for time, gain in zip(self.changes, self.gains, strict=True)
            ],
            "segments": [
                {"begin": round(begin, 3), "end": round(end, 3), "label": label or None}
                for begin, end, label in self.segments()
            ],
            "largest_step": None
            if self.step is None
            else {
                "time": round(self.step.time, 3),
                "size": self.step.size,
                "rivals": self.step.rivals,
                "in_speech": self.step.in_speech,
            },
            "skipped_frames": self.skipped,
        }


def change_analysis(
    embedding: Embedding,
    model: Model = "rbf",
    *,
    penalty: float | None = None,
    number: int | None = None,
    smallest: float = SMALLEST,
) -> ChangeAnalysis:
    """Where the frames of an embedding change.

    Ticks of 0.1 s of speech are searched exactly, by `ruptures.KernelCPD`: for `number` changes, or for as many as lower the
    cost by more than `penalty` each. Where neither is given, the penalty is four times the recording's own noise, measured by
    means of 2 s within its stretches: of recordings without a change, one in 20 shows one.

    Raises `TooFewPointsError` where there is no speech on both sides of the changes that are asked for, or too little to tell
    them from noise, or the embedding is of an utterance.
    """
    if penalty is not None and (number is not None or not 0 < penalty < np.inf):
        raise ValueError(f"penalty must be above 0, and without number; got {penalty}, {number}")
    if number is not None and number < 1:
        raise ValueError(f"number must be at least 1, got {number}")
    if not smallest > 0:
        raise ValueError(f"smallest must be above 0 s, got {smallest}")
    if embedding.granularity == "utterance":
        raise TooFewPointsError(f"{embedding.source} is one vector, of an utterance; changes are looked for in frames")
    tick = max(1, ceil(embedding.heard().sum() / MOST_TICKS), round(TICK * embedding.rate)) / embedding.rate
    points = points_of([embedding], tick)
    least = max(2, round(smallest / tick))
    wanted = 2 if number is None else number + 1
    if len(points) < wanted * least:
        raise TooFewPointsError(
            f"{embedding.source} has {len(points) * tick:.1f} s of speech; {wanted - 1} change{'s' if wanted > 2 else ''} with "
            f"{least * tick:g} s on each side need{'s' if wanted == 2 else ''} {wanted * least * tick:g} s"
        )
    signal = _standardised(points.vectors)
    found, gains, used = _search(embedding.source, signal, model, penalty, number, least, round(_BLOCK / tick))
    times, means, step = _largest_step(embedding)
    return ChangeAnalysis(
        embedding.source,
        model,
        used,
        penalty is None and number is None,
        least * tick,
        tick,
        points.begins,
        signal,
        points.labels,
        tuple(float(points.begins[index]) for index in found),
        gains,
        times,
        means,
        step,
        int(np.isnan(means).sum()),
    )


def _standardised(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """The directions in which the ticks differ most, in units of the first's spread; shape (n, K)."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    kept = min(_COMPONENTS, len(sizes))
    signal = left[:, :kept] * sizes[:kept]
    return np.asarray(signal / (signal[:, 0].std() or 1.0), np.float64)


def _search(
    source: str, signal: NDArray[np.float64], model: Model, penalty: float | None, number: int | None, least: int, block: int
) -> tuple[list[int], tuple[float, ...], float | None]:
    """The first tick of each new stretch, by how much each lowers the cost, and the penalty."""
    if not np.ptp(signal, axis=0).any():
        return [], (), penalty
    from ruptures import KernelCPD

    search = KernelCPD(kernel=model, min_size=least, params=_parameters(signal, model)).fit(signal)
    gram = _gram(signal, search)
    if number is not None:
        found = search.predict(n_bkps=number)[:-1]
    else:
        if penalty is None:
            noise = _noise(signal, gram, search, block)
            if noise is None:
                raise TooFewPointsError(
                    f"{source} has too little speech to tell changes from noise: name a penalty or the number of changes"
                )
            penalty = CLEAR * noise
        found = search.predict(pen=penalty)[:-1]
    bounds = [0, *found, len(signal)]
    costs = [_cost(gram, begin, end) for begin, end in pairwise(bounds)]
    gains = tuple(
        _cost(gram, before, after) - cost - following
        for (before, after), (cost, following) in zip(zip(bounds, bounds[2:], strict=False), pairwise(costs), strict=True)
    )
    return [int(index) for index in found], gains, penalty


def _gram(signal: NDArray[np.float64], search: Any) -> NDArray[np.float64]:
    """Products of the features of the kernel; that of ruptures for `cosine` lacks its diagonal."""
    if search.kernel_name == "rbf":
        return np.asarray(search.cost.gram, np.float64)
    if search.kernel_name == "cosine":
        signal = signal / np.maximum(np.linalg.norm(signal, axis=1, keepdims=True), 1e-12)
    return signal @ signal.T


def _cost(gram: NDArray[np.float64], begin: int, end: int) -> float:
    """Of a stretch: the squared distances of its features to their mean."""
    part = gram[begin:end, begin:end]
    return float(np.trace(part) - part.sum() / (end - begin))


def _parameters(signal: NDArray[np.float64], model: Model) -> dict[str, float] | None:
    """The bandwidth of `rbf`, by the median heuristic."""
    if model != "rbf":
        return None
    from scipy.spatial.distance import pdist

    return {"gamma": 1 / max(float(np.median(pdist(signal, "sqeuclidean"))), 1e-12)}


def _noise(signal: NDArray[np.float64], gram: NDArray[np.float64], search: Any, block: int) -> float | None:
    """Trace of the long-run covariance of the features of the kernel (`monitor/changes/statistic.py`), within stretches; None
    where there is too little to tell."""
    from ruptures import KernelCPD

    cuts = min(_APART, len(signal) // (4 * block))
    bounds = [0, len(signal)]
    if cuts:
        rough = KernelCPD(kernel=search.kernel_name, min_size=2 * block, params=search.params).fit(signal)
        bounds = [0, *rough.predict(n_bkps=cuts)]
    parts = [scatter(gram[begin:end, begin:end], block) for begin, end in pairwise(bounds)]
    freedom = sum(part[1] for part in parts)
    return max(sum(part[0] for part in parts) / freedom, 1e-9) if freedom else None


def _largest_step(embedding: Embedding) -> tuple[NDArray[np.float64], NDArray[np.float64], Step | None]:
    times = embedding.times()
    means = np.concatenate([block.mean(axis=1, dtype=np.float64) for block in embedding.blocks()])
    steps = np.abs(np.diff(means))
    if not np.isfinite(steps).any():
        return times, means, None
    at = int(np.nanargmax(steps))
    speaks = embedding.speaks
    in_speech = None if speaks is None else bool(speaks[at] and speaks[at + 1])
    rivals = int((steps >= _RIVAL * steps[at]).sum()) - 1
    return times, means, Step(float(times[at + 1]), float(steps[at]), rivals, in_speech)
