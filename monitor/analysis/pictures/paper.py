"""What all pictures have in common."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from monitor.analysis.colours import Look
from monitor.output_file import written

INK, SOFT, GRID = "#17212e", "#5b6878", "#e3e8ee"
_DPI = 110
_SETTINGS: Any = {
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": "#aab4bf",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "svg.hashsalt": "emotion-monitor",
    "svg.fonttype": "none",
}


def save(figure: Figure, path: Path, kind: Literal["png", "svg"]) -> None:
    """Write a picture, whole or not at all. The same picture is the same bytes.

    Raises `OSError`.
    """
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with rc_context(_SETTINGS), written(path) as part:
        figure.savefig(part, format=kind, dpi=_DPI, metadata=metadata)


def sheet(width: float, height: float) -> Figure:
    """An empty figure, in inches. Draw under `style()`."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def style() -> AbstractContextManager[None]:
    """The settings under which all is drawn."""
    return rc_context(_SETTINGS)


def heading(axes: Axes, text: str, under: str = "") -> None:
    """The title of a panel, and a line of what is to be seen in it."""
    axes.set_title(text, loc="left", fontsize=11, fontweight="bold", pad=20 if under else 6)
    if under:
        axes.text(0, 1.02, under, transform=axes.transAxes, fontsize=9, color=SOFT, va="bottom")


def entry(look: Look, text: str, size: float = 7) -> Line2D:
    """An entry of a legend: a group's sign."""
    return Line2D([], [], ls="", marker=look.sign, color=look.colour, ms=size, mec="white", mew=0.5, label=text)
