"""Clusters on the first two axes of their space."""

import numpy as np
from matplotlib.figure import Figure

from monitor.analysis.axes import axes_of
from monitor.analysis.clusters import NOISE, Clusters
from monitor.analysis.colours import UNKNOWN, look
from monitor.analysis.pictures.paper import INK, entry, heading, sheet, style

MOST_NAMED = 12
"""Clusters in the legend."""


def draw_clusters(clusters: Clusters) -> Figure:
    """Each cluster in a colour and a sign of its own, its medoid ringed; noise small and grey.

    Raises what `axes_of` raises.
    """
    with style():
        return _drawn(clusters)


def _drawn(clusters: Clusters) -> Figure:
    axes = axes_of(clusters.points.vectors)
    figure = sheet(10, 5.6)
    panel = figure.subplots()
    names = list(clusters.points.names)
    outside = clusters.assigned == NOISE
    x, y = axes.coordinates[:, 0], axes.coordinates[:, 1]
    panel.scatter(x[outside], y[outside], s=14, c=UNKNOWN.colour, lw=0)
    entries = []
    for one in clusters.clusters:
        inside, drawn = clusters.assigned == one.number, look(one.number)
        panel.scatter(x[inside], y[inside], s=42, c=drawn.colour, marker=drawn.sign, ec="white", lw=0.5, alpha=0.9)
        medoid = names.index(one.medoid)
        at = float(x[medoid]), float(y[medoid])
        panel.scatter([at[0]], [at[1]], s=190, fc="none", ec=INK, lw=1.6, zorder=4)
        panel.annotate(str(one.number), at, (9, 7), textcoords="offset points", weight="bold", zorder=5)
        if one.number < MOST_NAMED:
            entries.append(entry(drawn, _told(one.number, one.size, one.labels)))
    if len(clusters.clusters) > MOST_NAMED:
        entries.append(entry(UNKNOWN, f"and {len(clusters.clusters) - MOST_NAMED} more clusters", 0))
    if outside.any():
        entries.append(entry(UNKNOWN, f"{np.count_nonzero(outside)} in no cluster"))
    panel.set(xlabel=axes.names[0], ylabel=axes.names[1])
    silhouette = "no silhouette of one cluster" if clusters.silhouette is None else f"silhouette {clusters.silhouette:.2f}"
    count = len(clusters.clusters)
    heading(
        panel,
        f"{len(clusters.points)} points, {count} cluster{'' if count == 1 else 's'} ({clusters.method}, {silhouette})",
        "ringed: the medoid, which stands for its cluster",
    )
    figure.legend(handles=entries, loc="outside right upper", fontsize=9)
    return figure


def _told(number: int, size: int, labels: dict[str, int]) -> str:
    most = ", ".join(f"{label} {count / sum(labels.values()):.0%}" for label, count in list(labels.items())[:2])
    return f"{number}: {size} points" + (f"\n{most}" if most else "")
