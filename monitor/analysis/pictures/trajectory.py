"""A trajectory on its first two axes and, of one source, on the first over time."""

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from monitor.analysis.colours import UNKNOWN, Look, look, looks
from monitor.analysis.pictures.paper import INK, SOFT, entry, heading, sheet, style
from monitor.analysis.trajectory import Trajectory

Colour = Literal["time", "emotion", "source"]
MOST_NAMED = 12
"""Sources in the legend."""


def draw_trajectory(way: Trajectory, colour: Colour = "time") -> Figure:
    """The points in colours of time, of the engine's label, or of their source; change points ringed, with their second."""
    with style():
        return _drawn(way, colour)


def _drawn(way: Trajectory, colour: Colour) -> Figure:
    lines = way.lines()
    one = len(lines) == 1
    figure = sheet(10, 7.6 if one else 6)
    panel, strip = figure.subplots(2, 1, height_ratios=(3, 1)) if one else (figure.subplots(), None)
    for _, indices in lines:
        _line(panel, way, indices, way.axes.coordinates[:, 0], way.axes.coordinates[:, 1])
    entries = _scattered(figure, panel, way, colour, way.axes.coordinates[:, 0], way.axes.coordinates[:, 1])
    _ends(panel, way, lines if one else [])
    changes = way.change_points()
    for index, second in changes:
        at = _place(way, index)
        panel.scatter([at[0]], [at[1]], s=170, fc="none", ec=INK, lw=1.8, zorder=5)
        if one or len(changes) <= MOST_NAMED:
            panel.annotate(f"{second:.1f} s", at, (9, 8), textcoords="offset points", weight="bold", zorder=6)
    panel.set(xlabel=way.axes.names[0], ylabel=way.axes.names[1])
    title = lines[0][0] if one else f"{len(lines)} in one space"
    heading(
        panel,
        title,
        f"each point is the mean of {_length(way)} of speech" + ("; ringed: the first after a change point" if changes else ""),
    )
    if strip is not None:
        _line(strip, way, lines[0][1], way.points.begins, way.axes.coordinates[:, 0])
        _scattered(None, strip, way, colour, way.points.begins, way.axes.coordinates[:, 0])
        for _, second in changes:
            strip.axvline(second, color=INK, lw=1.6, ls=(0, (4, 2)))
        strip.set(xlabel="seconds", ylabel=way.axes.names[0].partition(" (")[0])
    if entries:
        figure.legend(handles=entries, loc="outside right upper", fontsize=9)
    return figure


def _place(way: Trajectory, index: int) -> tuple[float, float]:
    return float(way.axes.coordinates[index, 0]), float(way.axes.coordinates[index, 1])


def _length(way: Trajectory) -> str:
    return f"{float(np.median(way.points.ends - way.points.begins)):g} s"


def _line(panel: Axes, way: Trajectory, indices: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    for run in way.runs(indices):
        panel.plot(x[run], y[run], color="#c3ccd6", lw=0.9, zorder=1)


def _scattered(
    figure: Figure | None, panel: Axes, way: Trajectory, colour: Colour, x: NDArray[np.float64], y: NDArray[np.float64]
) -> list[Line2D]:
    """Draw the points; the entries of the legend. A scale of colours goes beside the panel, where a figure is given."""
    if colour == "time":
        drawn = panel.scatter(x, y, c=way.points.begins, cmap="viridis", s=30, ec="white", lw=0.4, zorder=3)
        if figure is not None:
            figure.colorbar(drawn, ax=panel, label="seconds", pad=0.01).outline.set_visible(False)
        return []
    groups = way.points.labels if colour == "emotion" else way.points.sources
    known = looks(groups) if colour == "emotion" else {name: look(at) for at, name in enumerate(dict.fromkeys(groups))}
    entries = []
    for group, drawn_as in ({"": UNKNOWN} | known).items():
        inside = np.array([name == group for name in groups])
        if not inside.any():
            continue
        _points(panel, x[inside], y[inside], drawn_as)
        entries.append(entry(drawn_as, group or "no label"))
    if len(entries) > MOST_NAMED:
        entries[MOST_NAMED:] = [entry(UNKNOWN, f"and {len(entries) - MOST_NAMED} more", 0)]
    return entries


def _points(panel: Axes, x: NDArray[np.float64], y: NDArray[np.float64], drawn: Look) -> None:
    panel.scatter(x, y, s=34, c=drawn.colour, marker=drawn.sign, ec="white", lw=0.4, zorder=3)


def _ends(panel: Axes, way: Trajectory, lines: list[tuple[str, NDArray[np.int64]]]) -> None:
    for _, indices in lines:
        for text, index in (("start", indices[0]), ("end", indices[-1])):
            at = _place(way, index)
            panel.annotate(text, at, (-7, -13), textcoords="offset points", ha="right", color=SOFT, style="italic", zorder=6)
