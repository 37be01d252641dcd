"""`emotion-monitor capacity`: how many calls this machine takes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import ConfigOption, EngineOption, JsonOption, ModelOption, settings_from, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from lab.capacity.measure import Capacity


def capacity(
    config: ConfigOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    latency: Annotated[
        float | None,
        typer.Option(
            min=0.2, max=60, help="p95 latency of a window to keep within, in seconds. [default: engine.latency, 1.5]"
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=2, max=3600, help="Length of each trial.")] = 15.0,
    start: Annotated[int, typer.Option(min=1, help="Calls to try first; a good guess saves trials.")] = 4,
    most: Annotated[int, typer.Option(min=1, help="Calls to try at most.")] = 2000,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=256, help="Processes that hear, as of serve; 1: one process does all. [default: as many as cores]"
        ),
    ] = None,
    audio: Annotated[
        Path | None,
        typer.Option(help="A recorded call to play, over and over. [default: the demonstration's]", metavar="FILE"),
    ] = None,
    json_file: JsonOption = None,
) -> None:
    """Find out how many calls this machine takes at the configured settings.

    Live calls are played through the whole pipeline (engine, store, analysis) at the speed of the clock, heard by as many
    processes as `serve` would have: a few, then twice as many, until the p95 latency is missed, a frame is skipped or the hop
    grows; then the number between is searched, within 5 %. It takes some minutes, and the machine should do nothing else
    meanwhile. Plan for four fifths of the answer.

    Examples:

      emotion-monitor capacity

      emotion-monitor capacity --engine emotion2vec --model models/plus_base --latency 2

      emotion-monitor capacity --workers 1      what one core would carry of it

      emotion-monitor capacity --config production.yaml --start 50 --json capacity.json
    """
    from functools import partial

    from rich.console import Console

    from lab.capacity.measure import measure_capacity
    from lab.sound import read_legs
    from monitor.cli.log_output import set_up_logging
    from monitor.cli.tables import report_console
    from monitor.demo import CALL
    from monitor.engines.registry import load_engine
    from monitor.errors import ConfigError
    from monitor.pipeline.descriptors import raise_limit
    from monitor.workers.open_monitor import workers_of

    if start > most:
        raise ConfigError(f"--start {start} is above --most {most}")
    flags: dict[str, Any] = {
        "engine__name": engine,
        "engine__model": model,
        "engine__latency": latency,
        "server__workers": workers,
    }
    settings = settings_from(config, **flags, logs="error")
    console = Console(stderr=True, highlight=False)
    raise_limit()  # each call holds files open
    with console.status("loading the engine"):
        loaded = load_engine(settings.engine)
        loaded.warm_up()
    try:
        with console.status(f"trying: each load runs for {seconds:.0f} s") as status:

            def progress(line: str) -> None:
                console.print(line)
                status.update("trying the next load")

            found = measure_capacity(
                settings,
                loaded,
                read_legs(audio or CALL),
                seconds=seconds,
                start=start,
                most=most,
                workers=workers_of(settings),
                prepare=partial(set_up_logging, settings.log.model_copy(update={"level": "error"})),
                progress=progress,
            )
    finally:
        loaded.close()
    write_json(found.document(), json_file)
    if json_file is None or str(json_file) != "-":
        _print(found, report_console())


def _print(found: "Capacity", console: "Console") -> None:
    from monitor.cli.tables import table

    info, report = found.engine, found.carried
    row: dict[str, Any] = {"engine": f"{info['name']} {info['model']}", "device": info["device"], **found.window}
    row |= {"workers": found.workers, "calls": found.calls, "legs": found.legs}
    if report:
        row |= {"p95_latency": report.p95_latency, "batch": report.batch_size, "engine_busy": report.busy}
    console.print(table("capacity", [row]))
    if found.calls == 0:
        console.print(
            f"This machine does not take a single call in time: {found.limited_by}. Try the compact engine, or a GPU."
        )
        return
    limit = f"with more, {found.limited_by}" if found.limited_by else "more were not tried (--most)"
    console.print(
        f"This machine takes {found.calls} calls ({found.legs} legs) at a p95 latency within {found.latency:g} s; {limit}. "
        f"Plan for {found.plan_for_calls}, and set server.max_calls to {found.calls}."
    )
