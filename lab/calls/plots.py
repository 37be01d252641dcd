"""Figures of a result, drawn with matplotlib: tolerance, delays, and single calls over time."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lab.calls.changes import LegChanges
from lab.calls.figures import ratio
from lab.calls.matching import match
from lab.calls.report import CallsResult
from lab.calls.score import CallScore
from monitor.events import ABSTAIN

TOLERANCES = np.arange(0.25, 8.01, 0.25)
"""Seconds."""
FEW = 6
"""Calls drawn over time: those with the most changes first."""
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


def call_figures(result: CallsResult) -> dict[str, Figure]:
    """By file name: `changes-tolerance`, `delays`, and `call-NAME` of a few calls."""
    eventful = sorted(result.scores, key=lambda score: (-len(score.call.changes), score.call.name))
    figures = {"changes-tolerance": _tolerance(result), "delays": _delays(result.scores)}
    return figures | {f"call-{score.call.name}": timeline(score) for score in eventful[:FEW] if score.legs}


def timeline(score: CallScore) -> Figure:
    """One call: what is true and what was shown on each leg, changes, alerts."""
    figure = Figure(figsize=(12, 0.9 + 1.1 * len(score.legs)), layout="constrained")
    rows = _rows(figure, len(score.legs))
    for axes, changes in zip(rows, score.changes, strict=True):
        for segment in score.call.of_leg(changes.leg):
            axes.axvspan(segment.start, segment.end, 0.55, 0.95, color=COLOURS[segment.emotion], lw=0)
        for start, end, emotion in score.runs[changes.leg]:
            axes.axvspan(start, end, 0.05, 0.45, color=COLOURS.get(emotion, COLOURS[ABSTAIN]), lw=0)
        _mark(axes, score, changes)
        axes.set(ylabel=changes.leg, xlim=(0, score.call.seconds), ylim=(0, 1))
        axes.set_yticks([0.25, 0.75], ["shown", "true"])
    rows[-1].set_xlabel("seconds")
    figure.suptitle(
        f"{score.call.name}. Lines: true changes above, found ones below, cross: when known. "
        "Triangles: alerts, green right, red false, grey repeated",
        fontsize=9,
    )
    present = {segment.emotion for segment in score.call.segments} | {run[2] for leg in score.legs for run in score.runs[leg]}
    legend = [Patch(color=colour, label=name) for name, colour in COLOURS.items() if name in present]
    figure.legend(handles=legend, loc="outside right center", fontsize=8, frameon=False)
    return figure


def _mark(axes: Axes, score: CallScore, changes: LegChanges) -> None:
    axes.vlines(changes.true, 0.5, 1.0, color="black", lw=1.5)
    axes.vlines([change.time for change in changes.found], 0.0, 0.5, color="black", lw=1.5)
    axes.plot([change.known for change in changes.found], [0.25] * len(changes.found), "kx", ms=6)
    alerts = score.alerts
    for raised, colour in ((alerts.hits, "#2ca02c"), (alerts.repeats, "#7f7f7f"), (alerts.false, "#d62728")):
        times = [alert.at for alert in raised if alert.leg in (None, changes.leg)]
        axes.plot(times, [0.5] * len(times), "v", color=colour, mec="white", ms=10)


def _tolerance(result: CallsResult) -> Figure:
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    legs = [leg for score in result.scores for leg in score.changes]
    true, found = sum(len(leg.true) for leg in legs), sum(len(leg.found) for leg in legs)
    pairs = [sum(_pairs(leg, float(tolerance)) for leg in legs) for tolerance in TOLERANCES]
    axes.plot(TOLERANCES, [ratio(count, found) or 0.0 for count in pairs], lw=1.2, label="precision")
    axes.plot(TOLERANCES, [ratio(count, true) or 0.0 for count in pairs], lw=1.2, label="recall")
    axes.plot(TOLERANCES, [ratio(2 * count, true + found) or 0.0 for count in pairs], lw=2.4, color="black", label="F1")
    for baseline in result.baselines:
        scores = (baseline.changes.f1_1s, baseline.changes.f1_2s, baseline.changes.f1_4s)
        axes.plot([1, 2, 4], [score or 0.0 for score in scores], ":o", ms=3, lw=1, label=f"F1 {baseline.name}")
    axes.set(xlabel="tolerance (s)", ylim=(0, 1.02), title="change points; dotted: baselines, best in hindsight")
    axes.grid(alpha=0.3)
    figure.legend(fontsize=7, frameon=False, loc="outside right center")
    return figure


def _pairs(leg: LegChanges, tolerance: float) -> int:
    return len(match(leg.true, [change.time for change in leg.found], tolerance))


def _delays(scores: Sequence[CallScore]) -> Figure:
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    changes = [delay for score in scores for leg in score.changes for delay in leg.delays]
    alerts = [delay for score in scores for delay in score.alerts.delays]
    edges = np.arange(0.0, max([*changes, *alerts, 10.0]) + 1.0, 1.0)
    rows = _rows(figure, 2)
    for axes, name, delays in ((rows[0], "changes known", changes), (rows[1], "alerts raised", alerts)):
        axes.hist(np.clip(delays, 0, None), bins=edges.tolist(), color="tab:blue")
        if delays:
            axes.axvline(float(np.median(delays)), color="black", ls="--", lw=1)
        axes.set_ylabel(f"{name} ({len(delays)})")
    rows[1].set_xlabel("seconds after the onset; dashed: median")
    return figure


def _rows(figure: Figure, count: int) -> list[Axes]:
    return list(figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0])
