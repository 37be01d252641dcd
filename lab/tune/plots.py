"""A search as figures: how it went, and what mattered."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from lab.tune.result import Tuned
from monitor.errors import ConfigError
from monitor.output_file import written


def draw(tuned: Tuned, folder: Path) -> list[Path]:
    """Write `history.svg` and, with enough trials, `importance.svg`; the files. Raises `ConfigError` where they cannot be."""
    figures = {"history": history(tuned)}
    if importance := tuned.search.importance():
        figures["importance"] = bars(importance)
    try:
        folder.mkdir(exist_ok=True)
        for name, figure in figures.items():
            with written(folder / f"{name}.svg") as part:
                figure.savefig(part, format="svg")
    except OSError as error:
        raise ConfigError(f"--plots {folder}: cannot be written: {error.strerror}") from None
    return [folder / f"{name}.svg" for name in figures]


def history(tuned: Tuned) -> Figure:
    """Trials in their order, and the best that kept all limits so far."""
    trials = tuned.search.trials
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    for kept, colour, label in ((True, "tab:blue", "limits kept"), (False, "lightgrey", "a limit broken")):
        mine = [trial for trial in trials if (trial.excess == 0) is kept]
        axes.scatter([trial.number for trial in mine], [trial.value for trial in mine], 14, color=colour, label=label)
    values = [trial.value if trial.excess == 0 else -np.inf for trial in trials]
    best = np.maximum.accumulate(values) if values else np.zeros(0)
    known = np.isfinite(best)
    axes.step(
        np.array([trial.number for trial in trials])[known], best[known], where="post", color="tab:orange", label="best so far"
    )
    axes.set(title=tuned.aim.text, xlabel="trial", ylabel="value of the aim")
    axes.title.set_fontsize(9)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def bars(importance: dict[str, float]) -> Figure:
    """What decides whether a trial is among the best."""
    names = sorted(importance, key=lambda name: importance[name])
    figure = Figure(figsize=(9, 1 + 0.3 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.barh(names, [importance[name] for name in names], color="tab:blue")
    axes.set(title="what decides whether a trial is among the best tenth", xlabel="importance (PED-ANOVA)")
    return figure
