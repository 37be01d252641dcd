"""Pictures of a result: how figures depend on the tolerance, how late things were known, and single calls over time."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monitor.evaluation.calls.changes import LegChanges
from monitor.evaluation.calls.figures import ratio
from monitor.evaluation.calls.matching import match
from monitor.evaluation.calls.result import CallsResult
from monitor.evaluation.calls.score import CallScore
from monitor.events import ABSTAIN, Leg
from monitor.timeline import TICK_RATE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOLERANCES = np.arange(0.25, 8.01, 0.25)
"""Seconds."""
COLOURS = {
    "angry": "#d62728",
    "disgusted": "#8c564b",
    "fearful": "#9467bd",
    "happy": "#e6b800",
    "neutral": "#9aa5ad",
    "other": "#17becf",
    "sad": "#1f77b4",
    "surprised": "#ff7f0e",
    ABSTAIN: "#ececec",
}
"""Of the emotions, in the strips."""

Shown = Mapping[Leg, Sequence[str]]
"""The emotion shown on each leg, a tick each."""


def write_plots(result: CallsResult, shown: Mapping[str, Shown], folder: Path) -> list[Path]:
    """Write `changes-tolerance.png`, `delays.png` and `call-NAME.png` for each call of `shown`; their paths.

    Raises `OSError` where `folder` cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {"changes-tolerance.png": _tolerance(result), "delays.png": _delays(result)}
    for score in result.scores:
        if score.call.name in shown:
            pictures[f"call-{score.call.name}.png"] = timeline(score, shown[score.call.name])
    for name, figure in pictures.items():
        figure.savefig(folder / name, dpi=110)
    return [folder / name for name in pictures]


def timeline(score: CallScore, shown: Shown) -> "Figure":
    """One call: what is true and what was shown on each leg, changes, alerts."""
    figure, axes = _canvas(12, 0.9 + 1.1 * len(score.legs), rows=len(score.legs))
    for axis, changes in zip(axes, score.changes, strict=True):
        for segment in score.call.of_leg(changes.leg):
            axis.axvspan(segment.start, segment.end, 0.55, 0.95, color=COLOURS[segment.emotion], lw=0)
        for start, end, emotion in _runs(shown[changes.leg]):
            axis.axvspan(start, end, 0.05, 0.45, color=COLOURS.get(emotion, COLOURS[ABSTAIN]), lw=0)
        _mark(axis, score, changes)
        axis.set_ylabel(changes.leg)
        axis.set_yticks([0.25, 0.75], ["shown", "true"])
        axis.set_xlim(0, score.call.seconds)
        axis.set_ylim(0, 1)
    axes[-1].set_xlabel("seconds")
    figure.suptitle(f"{score.call.name}: lines above are true changes, below found ones; triangles alerts", fontsize=9)
    figure.legend(handles=_legend(score, shown), loc="outside right center", fontsize=8, frameon=False)
    return figure


def _mark(axis: "Axes", score: CallScore, changes: LegChanges) -> None:
    axis.vlines(changes.true, 0.5, 1.0, color="black", lw=1.5)
    axis.vlines([change.time for change in changes.found], 0.0, 0.5, color="black", lw=1.5)
    axis.plot([change.known for change in changes.found], [0.5] * len(changes.found), "k|", ms=6)
    alerts = score.alerts
    for raised, colour in ((alerts.hits, "#2ca02c"), (alerts.repeats, "#7f7f7f"), (alerts.false, "#d62728")):
        times = [alert.at for alert in raised if alert.leg in (None, changes.leg)]
        axis.plot(times, [0.5] * len(times), "v", color=colour, mec="white", ms=9)


def _tolerance(result: CallsResult) -> "Figure":
    figure, (axis,) = _canvas(7, 4.2)
    legs = [leg for score in result.scores for leg in score.changes]
    true, found = sum(len(leg.true) for leg in legs), sum(len(leg.found) for leg in legs)
    pairs = [sum(_pairs(leg, float(tolerance)) for leg in legs) for tolerance in TOLERANCES]
    for name, whole in (("precision", found), ("recall", true)):
        axis.plot(TOLERANCES, [ratio(count, whole) or 0.0 for count in pairs], lw=1.2, label=name)
    axis.plot(TOLERANCES, [ratio(2 * count, true + found) or 0.0 for count in pairs], lw=2.4, color="black", label="F1")
    for baseline in result.baselines:
        figures = baseline.changes
        axis.plot(
            [1, 2, 4], [figures.f1_1s or 0.0, figures.f1_2s or 0.0, figures.f1_4s or 0.0], ":o", ms=3, lw=1, label=baseline.name
        )
    axis.set(xlabel="tolerance (s)", ylim=(0, 1.02), title="Change points; dotted: F1 of baselines, best in hindsight")
    axis.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _pairs(leg: LegChanges, tolerance: float) -> int:
    return len(match(leg.true, [change.time for change in leg.found], tolerance))


def _delays(result: CallsResult) -> "Figure":
    figure, axes = _canvas(7, 4.2, rows=2)
    changes = [delay for score in result.scores for leg in score.changes for delay in leg.delays]
    alerts = [delay for score in result.scores for delay in score.alerts.delays]
    edges = np.arange(0.0, max([*changes, *alerts, 10.0]) + 1.0, 1.0)
    for axis, name, delays in ((axes[0], "change known", changes), (axes[1], "alert raised", alerts)):
        axis.hist(np.clip(delays, 0, None), bins=edges.tolist(), color="#1f77b4")
        if delays:
            axis.axvline(float(np.median(delays)), color="black", ls="--", lw=1)
        axis.set_ylabel(f"{name} ({len(delays)})", fontsize=8)
    axes[-1].set_xlabel("seconds after the onset; dashed: median")
    return figure


def _canvas(width: float, height: float, rows: int = 1) -> "tuple[Figure, list[Axes]]":
    """A figure of its own, without a window: pyplot's global state is not touched."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(max(rows, 1), 1, sharex=True, squeeze=False)[:, 0])


def _runs(emotions: Sequence[str]) -> list[tuple[float, float, str]]:
    edges = [0, *(i for i in range(1, len(emotions)) if emotions[i] != emotions[i - 1]), len(emotions)]
    return [(a / TICK_RATE, b / TICK_RATE, emotions[a]) for a, b in pairwise(edges) if b > a]


def _legend(score: CallScore, shown: Shown) -> list[object]:
    from matplotlib.patches import Patch

    present = {segment.emotion for segment in score.call.segments} | {one for leg in score.legs for one in shown[leg]}
    return [Patch(color=colour, label=name) for name, colour in COLOURS.items() if name in present]
