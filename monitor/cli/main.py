"""The command line's entry: the commands, and what becomes of errors.

Answering `--help` must not wait for torch, FunASR or zarr: commands import what they need when they run.
"""

import sys
from typing import Annotated

import typer

from monitor import __version__
from monitor.cli import (
    calls,
    config,
    demo,
    embeddings,
    heads,
    insights,
    labels,
    models,
    replay,
    rules,
    run,
    search,
    serve,
    sinks,
    templates,
    tokens,
    watch,
)
from monitor.cli.laboratory import WithLaboratory
from monitor.cli.streams import give_up_output, set_up_streams
from monitor.errors import MonitorError

app = typer.Typer(
    name="emotion-monitor",
    cls=WithLaboratory,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Follows each speaker's emotion on live calls, finds the moments at which it changes, and warns a supervisor.

    Start here: `emotion-monitor demo` runs a whole call; `emotion-monitor run call.wav` analyses a file;
    `emotion-monitor serve` watches live calls and shows them at http://127.0.0.1:8765.
    """,
)
app.command("run")(run.run)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("replay")(replay.replay)
app.command("watch")(watch.watch)
app.add_typer(calls.app, name="calls")
app.command("insights")(insights.insights)
app.add_typer(embeddings.app, name="embeddings")
app.add_typer(templates.app, name="templates")
app.add_typer(heads.app, name="heads")
app.add_typer(labels.app, name="labels")
app.add_typer(search.app, name="search")
app.add_typer(rules.app, name="rules")
app.add_typer(sinks.app, name="sinks")
app.add_typer(models.app, name="models")
app.add_typer(tokens.app, name="tokens")
app.add_typer(config.app, name="config")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"emotion-monitor {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 2 configuration or usage, 3 audio, 4 model, 5 store, 6 embedding, 130 interrupted.
    """
    set_up_streams()
    try:
        app()
        sys.stdout.flush()
    except MonitorError as error:
        for line in str(error).splitlines():
            typer.echo(f"emotion-monitor: {line}", err=True)
        give_up_output()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        give_up_output()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
