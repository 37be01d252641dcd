"""What `tune` prints at the end."""

from rich.console import Console

from lab.calls.figures import NAMES
from lab.tune.tuning import Compared, Tuned
from lab.tune.write import APART, number
from monitor.cli.tables import table


def print_tuned(tuned: Tuned, console: Console) -> None:
    """What was gained, with whom, and by which values."""
    aim, engine = tuned.plan.aim, tuned.engine
    console.print(f"aim: {aim.text}", soft_wrap=True)
    best = f"best: {aim.value(tuned.tuning.after):.3f} (trial {tuned.best.number})" if tuned.best.number else "none was better"
    console.print(f"{len(tuned.trials) - 1} trials in {tuned.seconds:.0f} s, {best}")
    console.print(f"engine {engine.name} {engine.model}, version {engine.version}; alerts of {', '.join(tuned.alerts.rules)}")
    if not tuned.met:
        console.print("no trial kept the limits of the aim: this is the one that came nearest", style="bold yellow")
    rows = [{"value": key, "before": str(one), "after": str(other)} for key, (one, other) in tuned.values().items()]
    console.print(table("values", rows))
    _print(tuned, tuned.tuning, "the speakers that the values were chosen on", console)
    _print(tuned, tuned.apart, APART, console)
    for each in tuned.unheard:
        console.print(f"not heard: {each.reason}", style="yellow", soft_wrap=True, markup=False)


def _print(tuned: Tuned, compared: Compared, title: str, console: Console) -> None:
    gains, before, after = compared.gains(tuned.figures), compared.before, compared.after
    rows = [
        {
            "figure": NAMES.get(name, name),
            "before": number(before[name]),
            "after": number(after[name]),
            "gain, 95 % of resampled speakers": f"{gains[name][0]:+.2f} to {gains[name][1]:+.2f}" if name in gains else "",
            "limit": ", ".join(f"{limit.sign} {limit.bound:g}" for limit in tuned.plan.aim.limits if limit.figure == name),
        }
        for name in tuned.figures
    ]
    console.print(table(f"{title}: {compared.who}", rows))
