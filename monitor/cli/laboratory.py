"""The commands of the laboratory: named here, at home in the package `lab`, which the monitor does not import.

They come through the entry points of the group `emotion_monitor.commands`, and only when one of them is called: `--help` lists
them from here, so that it waits for nothing.
"""

from collections.abc import Mapping
from typing import Any

from typer.core import TyperCommand, TyperGroup

from monitor.cli.help_text import mend_help
from monitor.errors import ConfigError
from monitor.extras import LAB, install_command

GROUP = "emotion_monitor.commands"

COMMANDS: Mapping[str, str] = {
    "evaluate": "Hear labelled clips or calls through the whole pipeline, and tell how much of it was right.",
    "tune": "Fit a few settings and values of rules to labelled calls, and write them as a configuration.",
    "train": "Train the compact engine on labelled clips.",
    "benchmark": "Measure the engines on this machine: legs in real time, the ratio to FunASR, closeness, and the distance to "
    "the limit.",
    "capacity": "Find out how many calls this machine takes at the configured settings.",
}
"""Name -> what `--help` says of it: the first paragraph of its own help."""


class WithLaboratory(TyperGroup):
    """The monitor's commands, and behind them those of the laboratory, each loaded when it is called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, summary in COMMANDS.items():
            self.commands[name] = TyperCommand(name, help=summary, rich_help_panel="Laboratory")
        mend_help(self)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that `args` begin with. Raises `ConfigError` where it is the laboratory's and that is not installed."""
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = _load(args[0])
            mend_help(self.commands[args[0]])
        return super().resolve_command(ctx, args)


def _load(name: str) -> Any:
    """The command behind the entry point `name`, which is a function of typer's kind or an application of its own."""
    from importlib.metadata import entry_points

    from typer import Typer
    from typer.main import get_command

    for entry in entry_points(group=GROUP, name=name):
        try:
            loaded = entry.load()
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != entry.module.partition(".")[0]:
                raise
            continue
        if isinstance(loaded, Typer):
            return get_command(loaded)
        app = Typer(add_completion=False)
        app.command(name)(loaded)
        return get_command(app)
    raise ConfigError(f"{name} is a command of the laboratory, which is not installed: {install_command(LAB)}")
