"""`--judged`: the calls of a store whose alerts people judged."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import existing_store

if TYPE_CHECKING:
    from lab.calls.stored import StoredCalls
    from monitor.config import Settings

JudgedOption = Annotated[
    bool, typer.Option("--judged", help="Also the calls of the store whose alerts people judged; no sound is needed.")
]


def judged_calls(settings: "Settings") -> "StoredCalls":
    """The judged calls of the configured store; those that are left out are told on standard error."""
    from lab.calls.stored import read_judged

    stored = read_judged(existing_store(settings))
    for reason in stored.left_out.values():
        typer.echo(f"left out: {reason}", err=True)
    return stored
