"""A space of embeddings as one HTML file: it can be turned, and each point tells its name when it is clicked.

The script is our own, 11 kB: points and lines on a plain canvas. A chart library (Plotly) would put 4.6 MB into every page, and
turns points in WebGL, which remote desktops often lack.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from monitor.analysis.axes import Axes, axes_of
from monitor.analysis.clusters import NOISE, Clusters
from monitor.analysis.colours import UNKNOWN, Look, look, looks
from monitor.analysis.stretches import Points
from monitor.analysis.trajectory import Trajectory
from monitor.single_page import single_page

Mode = dict[str, Any]


def trajectory_page(way: Trajectory, colour: str = "time") -> str:
    """The page of a trajectory, which begins in colours of `time`, `emotion` or `source`."""
    lines = way.lines()
    count = len(way.points)
    return _page(
        lines[0][0] if len(lines) == 1 else f"{len(lines)} in one space",
        f"{count} point{'' if count == 1 else 's'}",
        way.points,
        way.axes,
        _modes(way.points),
        colour,
        lines=[[int(index) for index in run] for _, indices in lines for run in way.runs(indices)],
        rings=[{"point": index, "text": f"{second:.1f} s"} for index, second in way.change_points()],
        ringed="change points",
    )


def clusters_page(clusters: Clusters) -> str:
    """The page of clusters, their medoids ringed. Raises what `axes_of` raises."""
    points = clusters.points
    groups = ["none" if number == NOISE else f"cluster {number}" for number in clusters.assigned]
    told = {f"cluster {one.number}": f"cluster {one.number}: {one.size}" + _most(one.labels) for one in clusters.clusters}
    known = {f"cluster {one.number}": look(one.number) for one in clusters.clusters} | {"none": UNKNOWN}
    mode = _grouped(groups, known) | {"told": told}
    silhouette = "" if clusters.silhouette is None else f", silhouette {clusters.silhouette:.2f}"
    names = list(points.names)
    return _page(
        f"Clusters ({clusters.method}{silhouette})",
        f"{len(points)} points, {len(clusters.clusters)} clusters, {len(clusters.noise)} in none",
        points,
        axes_of(points.vectors),
        {"cluster": mode, **_modes(points)},
        "cluster",
        facts={"cluster": groups},
        rings=[{"point": names.index(one.medoid), "text": str(one.number)} for one in clusters.clusters],
        ringed="medoids",
    )


def _page(
    title: str,
    note: str,
    points: Points,
    axes: Axes,
    modes: Mapping[str, Mode],
    mode: str,
    *,
    lines: Sequence[Sequence[int]] = (),
    rings: Sequence[Mapping[str, Any]] = (),
    ringed: str = "",
    facts: Mapping[str, Sequence[str]] | None = None,
) -> str:
    assets = files(__package__) / "assets"
    seconds = [f"{begin:.2f} to {end:.2f}" for begin, end in zip(points.begins, points.ends, strict=True)]
    data = {
        "title": title,
        "note": note,
        "axes": axes.names,
        "coordinates": [[round(float(value), 5) for value in row] for row in axes.coordinates],
        "names": points.names,
        "facts": {"source": points.sources, "seconds": seconds, "engine says": points.labels, **(facts or {})},
        "modes": modes,
        "mode": mode if mode in modes else next(iter(modes)),
        "lines": lines,
        "rings": rings,
        "ringed": ringed,
    }
    style, script, template = ((assets / f"space.{kind}").read_text("utf-8") for kind in ("css", "js", "html"))
    return single_page(template, style, script, title, data)


def _modes(points: Points) -> dict[str, Mode]:
    """What points may be coloured by: the engine's labels where there are any."""
    begins = points.begins
    modes: dict[str, Mode] = {}
    if np.ptp(begins) > 0:
        values = [round(float(begin), 2) for begin in begins]
        modes["time"] = {"values": values, "range": [min(values), max(values)], "unit": "s"}
    if any(points.labels):
        modes["emotion"] = _grouped(points.labels, {"": UNKNOWN} | looks(points.labels))
    modes["source"] = _grouped(points.sources, {name: look(at) for at, name in enumerate(dict.fromkeys(points.sources))})
    return modes


def _grouped(groups: Sequence[str], known: Mapping[str, Look]) -> Mode:
    return {"groups": groups, "looks": {name: [drawn.colour, drawn.sign] for name, drawn in known.items()}}


def _most(labels: Mapping[str, int]) -> str:
    total = sum(labels.values())
    return "".join(f", {label} {count / total:.0%}" for label, count in list(labels.items())[:2])
