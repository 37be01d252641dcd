"""Figures of a report, drawn with matplotlib: confusion, reliability, and how hearing suffers on worse lines."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from lab.calls.plots import call_figures
from lab.clips.scores import ClipScores
from lab.evaluation.report import DegradedPoint, Report
from monitor.errors import ConfigError
from monitor.output_file import written


def draw(report: Report, folder: Path) -> list[Path]:
    """Write what the report holds into `folder`, made where it is not there, as SVG; the files written.

    Raises `ConfigError` where they cannot be written.
    """
    figures: dict[str, Figure] = {}
    if report.clips is not None:
        everything = report.clips["all"]
        figures["confusion"] = confusion(everything, report.classes, f"{_what(report)}: UAR {everything.uar:.3f}")
        figures["reliability"] = reliability(everything, f"{_what(report)}: ECE {everything.ece:.3f}")
    if report.degraded:
        figures["degraded"] = degraded(
            report.degraded, f"{report.engine.name} {report.engine.model}; dotted: chance", 1 / len(report.classes)
        )
    if report.calls_result is not None:
        figures |= call_figures(report.calls_result)
    files = []
    try:
        folder.mkdir(exist_ok=True)
        for name, figure in figures.items():
            files.append(folder / f"{name}.svg")
            with written(files[-1]) as part:
                figure.savefig(part, format="svg", metadata={"Date": None})
    except OSError as error:
        raise ConfigError(f"--plots {folder}: cannot be written: {error.strerror}") from None
    return files


def confusion(scores: ClipScores, classes: Sequence[str], title: str) -> Figure:
    """Shares of each true class."""
    counts = np.array(scores.confusion, np.float64)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    figure = Figure(figsize=(1.6 + 0.7 * len(classes), 1.4 + 0.6 * len(classes)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(title=title, xlabel="heard", ylabel="true")
    axes.set_xticks(range(len(classes)), classes, rotation=40, ha="right")
    axes.set_yticks(range(len(classes)), [f"{name} ({int(row.sum())})" for name, row in zip(classes, counts, strict=True)])
    for (row, column), share in np.ndenumerate(shares):
        axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color="white" if share > 0.5 else "black")
    return figure


def reliability(scores: ClipScores, title: str) -> Figure:
    """Accuracy over confidence, a bin's clips as the size of its mark."""
    figure = Figure(figsize=(5, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="honest")
    bins = scores.reliability
    largest = max(each.clips for each in bins)
    confidence, accuracy = [each.confidence for each in bins], [each.accuracy for each in bins]
    axes.plot(confidence, accuracy, color="tab:blue")
    axes.scatter(confidence, accuracy, [10 + 150 * each.clips / largest for each in bins], color="tab:blue", label="clips")
    axes.set(title=title, xlabel="confidence", ylabel="share heard right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left")
    return figure


def degraded(points: Sequence[DegradedPoint], title: str, chance: float) -> Figure:
    """A panel a kind of harm; unweighted average recall, mean of the datasets."""
    figure = Figure(figsize=(11, 7), layout="constrained")
    figure.suptitle(title)
    panels = dict(zip(("codec", "noise", "loss", "level"), figure.subplots(2, 2, sharey=True).flat, strict=True))
    for sweep in dict.fromkeys(point.sweep for point in points):
        kind, _, name = sweep.partition(": ")
        mine = [point for point in points if point.sweep == sweep]
        style = "o" if kind == "codec" else "o-"
        panels[kind].plot([point.value for point in mine], [point.uar for point in mine], style, label=name)
    panels["codec"].tick_params("x", rotation=30)
    panels["codec"].set(title="codec", ylabel="UAR")
    panels["noise"].set(title="noise", xlabel="dB below the speech")
    panels["noise"].legend()
    panels["loss"].set(title="packets lost and concealed", xlabel="%", ylabel="UAR")
    panels["level"].set(title="level", xlabel="dBFS")
    for axes in panels.values():
        axes.set_ylim(bottom=0)
        axes.axhline(chance, color="grey", linestyle=":")
        axes.grid(alpha=0.3)
    return figure


def _what(report: Report) -> str:
    return f"{report.engine.name}, {report.line}, {report.speakers} speakers"
