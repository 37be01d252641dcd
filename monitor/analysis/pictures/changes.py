"""Two measures of one recording, one under the other: the mean over the features, and what `ruptures` finds."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from monitor.analysis.colours import UNKNOWN, looks
from monitor.analysis.offline_changes import ChangeAnalysis
from monitor.analysis.pictures.paper import INK, heading, sheet, style

_STEP = "#d55e00"
_DIRECTIONS = ("#0072b2", "#009e73", "#cc79a7")


def draw_changes(analysis: ChangeAnalysis) -> Figure:
    """The mean over the features with its largest step; its steps; and the directions that were searched, with the changes."""
    with style():
        figure = sheet(11, 7.4)
        means, steps, searched = figure.subplots(3, 1, sharex=True, height_ratios=(1, 1, 1.6))
        _means(means, analysis)
        _steps(steps, analysis)
        _searched(searched, analysis)
        return figure


def _means(panel: Axes, analysis: ChangeAnalysis) -> None:
    panel.plot(analysis.frame_times, analysis.frame_means, color="#7f8a96", lw=0.7)
    heading(panel, "Mean over the features, frame by frame", _of_step(analysis))
    panel.set_ylabel("mean")
    _mark_step(panel, analysis)


def _steps(panel: Axes, analysis: ChangeAnalysis) -> None:
    panel.plot(analysis.frame_times[1:], np.abs(np.diff(analysis.frame_means)), color="#7f8a96", lw=0.7)
    panel.set_ylabel("step to the\nnext frame")
    panel.set_ylim(bottom=0)
    _mark_step(panel, analysis)


def _searched(panel: Axes, analysis: ChangeAnalysis) -> None:
    directions = min(len(_DIRECTIONS), analysis.signal.shape[1])
    gaps = np.flatnonzero(np.diff(analysis.times) > 5 * analysis.tick) + 1
    for number in range(directions):
        for run in np.split(np.arange(len(analysis.times)), gaps):
            label = f"direction {number + 1}" if not run[0] else None
            panel.plot(
                analysis.times[run], analysis.signal[run, number], color=_DIRECTIONS[number], lw=0.9, alpha=0.85, label=label
            )
    segments = analysis.segments()
    known = looks(label for _, _, label in segments)
    for begin, end, label in segments:
        panel.axvspan(begin, end, color=known.get(label, UNKNOWN).colour, alpha=0.13, lw=0)
    for second in analysis.changes:
        panel.axvline(second, color=INK, lw=1.8)
        panel.annotate(
            f"{second:.1f} s",
            (second, 1),
            (4, -12),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            weight="bold",
        )
    _mark_step(panel, analysis, named=False)
    heading(panel, f"All features together: ruptures, kernel {analysis.model}", _of_search(analysis))
    panel.set(xlabel="seconds", ylabel="the three largest\nof the directions" if directions == 3 else "directions")
    handles, _ = panel.get_legend_handles_labels()
    handles += [Patch(color=look.colour, alpha=0.3, label=f"mostly {label}") for label, look in known.items()]
    panel.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=6, fontsize=9)


def _mark_step(panel: Axes, analysis: ChangeAnalysis, *, named: bool = True) -> None:
    if analysis.step is None:
        return
    panel.axvline(analysis.step.time, color=_STEP, lw=1.4, ls=(0, (4, 2)))
    if named:
        panel.annotate(
            f"{analysis.step.time:.2f} s",
            (analysis.step.time, 1),
            (4, -12),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=_STEP,
            weight="bold",
        )


def _of_step(analysis: ChangeAnalysis) -> str:
    step = analysis.step
    if step is None:
        return "no two neighbouring frames have a result"
    where = {None: "", True: ", within speech", False: ", at the edge of a pause or within one"}[step.in_speech]
    rivals = f"{step.rivals or 'no'} other{'' if step.rivals == 1 else 's'} at least three quarters as large"
    return f"largest step: {step.size:.3g} at {step.time:.2f} s{where}, {rivals}; there is always a largest one"


def _of_search(analysis: ChangeAnalysis) -> str:
    count = len(analysis.changes)
    what = f"{count or 'no'} change{'' if count == 1 else 's'}"
    why = "their number was given" if analysis.penalty is None else f"each lowers the cost by more than {analysis.penalty:.3g}"
    return f"{what} ({why}), at least {analysis.smallest:g} s of speech on each side"
