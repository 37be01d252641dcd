"""What `tune` shows while it searches, and prints at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from lab.calls.report import NAMES
from lab.tune.result import Compared, Tuned
from lab.tune.room import Progress as Told
from lab.tune.search import Trial
from lab.tune.write import number
from monitor.cli.tables import table


@contextmanager
def followed(console: Console) -> Iterator[Told]:
    """A progress bar with the best trial so far, that goes when it is over."""
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[best]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("loading the engine", total=None, best="")
        stage = ""

        def tell(now: str, done: int, total: int, best: Trial | None) -> None:
            nonlocal stage
            if now != stage:
                bars.reset(task, description=now, total=total)
                stage = now
            bars.update(task, completed=done, best=_best(best))

        yield tell


def print_tuned(tuned: Tuned, console: Console) -> None:
    """What was gained, with whom, and by which values."""
    search = tuned.search
    console.print(f"aim: {tuned.aim.text}", soft_wrap=True)
    best = _best(tuned.best) or "none better than what it began with"
    console.print(f"{len(search.trials)} trials in {tuned.seconds:.0f} s: {best}")
    engine = tuned.engine
    console.print(f"engine {engine.name} {engine.model}, version {engine.version}; alerts of {', '.join(tuned.alert_rules)}")
    if not tuned.met:
        console.print("no trial kept the limits of the aim: this is the one that came nearest", style="bold yellow")
    importance = search.importance()
    rows = [
        {
            "value": key,
            "before": str(one),
            "after": str(other),
            "importance": f"{importance[key]:.2f}" if key in importance else "",
        }
        for key, (one, other) in tuned.turned().items()
    ]
    console.print(table("values", rows))
    how = "each kept apart in turn" if tuned.cross else "kept apart"
    _print(tuned, tuned.tuning, "speakers that trials were scored on", console)
    _print(tuned, tuned.apart, f"speakers that the settings were not tuned on, {how}", console)
    for each in tuned.unheard:
        console.print(f"not heard: {each.reason}", style="yellow", soft_wrap=True, markup=False)


def _print(tuned: Tuned, compared: Compared, title: str, console: Console) -> None:
    gains = compared.gains(tuned.figures)
    rows = [
        {
            "figure": NAMES.get(name, name),
            "before": number(compared.before[name]),
            "after": number(compared.after[name]),
            "gain, 95 % of resampled speakers": f"{gains[name][0]:+.2f} to {gains[name][1]:+.2f}" if name in gains else "",
            "limit": ", ".join(f"{limit.sign} {limit.bound:g}" for limit in tuned.aim.limits if limit.figure == name),
        }
        for name in tuned.figures
    ]
    who = f"{compared.calls} calls, {compared.speakers} speakers, {compared.seconds / 60:.0f} min"
    console.print(table(f"{title}: {who}", rows))


def _best(trial: Trial | None) -> str:
    if trial is None:
        return ""
    kept = "limits kept" if trial.excess == 0 else "a limit broken"
    return f"best {trial.value:.3f} (trial {trial.number}, {kept})"
