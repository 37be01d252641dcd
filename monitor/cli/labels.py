"""`emotion-monitor labels`: what people said of stored calls, to be learnt from."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import STANDARD_OUTPUT, ConfigOption, StoreOption, existing_store, output_file, settings_from
from monitor.errors import ConfigError

app = typer.Typer(help="What people said of stored calls: judged alerts, and notes with a label.", no_args_is_help=True)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="CSV file to write; - is standard output.", metavar="FILE", callback=output_file)],
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", help="Judged alerts of this rule alone, and no notes; may be given again.", metavar="NAME"),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Write them as CSV: call,leg,start,end,label,right,rule,by,id (seconds of the call), as `heads train --labels` reads it.

    An alert that was right is labelled by its rule, one that was wrong `not RULE`; of several people most decide.

    Example:

      emotion-monitor labels export judged.csv
    """
    settings = settings_from(config, store, log__level="warning")
    from monitor.analysis.judged import labels_as_csv, stored_labels
    from monitor.output_file import write_text

    labels = stored_labels(existing_store(settings).journal, rule or ())
    text = labels_as_csv(labels)
    if str(out) == STANDARD_OUTPUT:
        typer.echo(text, nl=False)
        return
    try:
        write_text(out, text)
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror}") from None
    typer.echo(f"{len(labels)} labels of {len({label.call for label in labels})} calls: {out}", err=True)
