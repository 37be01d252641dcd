"""`emotion-monitor demo`: a whole call on this machine, from RTP to replay."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import EngineOption, ModelOption


def demo(
    port: Annotated[int, typer.Option(help="Port of the service that is started; 0: any free one.", min=0, max=65_535)] = 8765,
    store: Annotated[Path, typer.Option("--store", "-s", help="Folder of the store.", metavar="DIR")] = Path("demo-store"),
    engine: EngineOption = None,
    model: ModelOption = None,
    stay: Annotated[
        bool | None,
        typer.Option("--stay/--no-stay", help="Keep the page until Ctrl-C. [default: in a terminal, yes]", show_default=False),
    ] = None,
) -> None:
    """Start a service, send it a call as RTP in real time, show alerts as they are raised, store, replay, and sum up.

    The call is synthetic speech, a minute and a half long: a customer who grows angry, and an agent. The page at the printed
    address shows it while it runs, lets one listen in, and replays it with its sound.
    """
    from monitor.demo.demonstration import demonstrate

    demonstrate(port, store, engine, model, stay=sys.stdin.isatty() and sys.stdout.isatty() if stay is None else stay)
