"""`emotion-monitor benchmark`: how fast the engines are on this machine, and how near to what it can."""

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import ConfigOption, JsonOption, settings_from, write_json
from monitor.errors import ConfigError
from monitor.extras import LAB, need

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.audio.chunk import Samples
    from monitor.config.sections import EngineSection

QUICK = 4.0
"""Seconds under --quick."""


class EngineName(StrEnum):
    """Of `--engine`."""

    emotion2vec = "emotion2vec"
    compact = "compact"


class Size(StrEnum):
    """Of `--random`."""

    large = "large"
    base = "base"
    tiny = "tiny"


class PrecisionName(StrEnum):
    """Of `--precision`."""

    fp32 = "fp32"
    int8 = "int8"
    bf16 = "bf16"
    fp16 = "fp16"


def benchmark(
    config: ConfigOption = None,
    engine: Annotated[
        list[EngineName] | None,
        typer.Option("--engine", "-e", help="May be given again. [default: emotion2vec, compact]"),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="emotion2vec: hub id, FunASR's folder or a prepared file. With --engine compact alone, a weights file.",
            metavar="MODEL",
        ),
    ] = None,
    random: Annotated[
        Size | None, typer.Option(help="Random weights of a published size instead: costs are real, and no hub is asked.")
    ] = None,
    precision: Annotated[
        list[PrecisionName] | None,
        typer.Option(
            "--precision", "-p", help="May be given again. [default: on a GPU bf16, fp16; else fp32, int8, bf16 where native]"
        ),
    ] = None,
    window: Annotated[
        list[float] | None, typer.Option(min=0.5, max=30, help="Seconds, of emotion2vec; may be given again. [default: 2]")
    ] = None,
    hop: Annotated[
        list[float] | None, typer.Option(min=0.1, max=10, help="Seconds, of emotion2vec; may be given again. [default: 0.5]")
    ] = None,
    gate: Annotated[
        bool | None, typer.Option("--gate/--no-gate", help="Only with, or only without the speech gate. [default: both]")
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N. [default: engine.device]")] = None,
    threads: Annotated[
        int | None, typer.Option(min=0, max=256, help="CPU threads of emotion2vec and FunASR; 0 takes all cores.")
    ] = None,
    latency: Annotated[
        float | None, typer.Option(min=0.2, max=60, help="p95 latency to keep within. [default: engine.latency, 1.5]")
    ] = None,
    max_batch: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Windows at once. [default: engine.max_batch, 32; on a GPU 256]")
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(min=2, max=600, help="Of each leg in each trial; best a multiple of 8. FunASR is timed as long."),
    ] = 8.0,
    quick: Annotated[bool, typer.Option("--quick", help=f"Trials of {QUICK:g} s: a first impression.")] = False,
    call: Annotated[
        Path | None,
        typer.Option(
            help="A recorded call for the legs to hear. [default: speech of the demonstration's, half of the time silent]",
            metavar="FILE",
        ),
    ] = None,
    generate: Annotated[
        bool, typer.Option("--generate/--no-generate", help="Compare with FunASR's generate() in the same run.")
    ] = True,
    json_file: JsonOption = None,
) -> None:
    """Measure the engines on this machine: legs in real time, the ratio to FunASR, closeness, and the distance to the limit.

    For each precision and window, with and without the speech gate: the most legs that one process hears within the latency,
    the ratio to FunASR's generate() over the same windows in the same run, GFLOP/s beside the machine's measured matrix peak,
    where the time goes, and memory. How far apart their frames are comes in a table of its own. docs/benchmarks.md says how
    each figure is measured. The machine should do nothing else meanwhile. How many calls the whole pipeline takes, tried
    and not computed: emotion-monitor capacity.

    Examples:

      emotion-monitor benchmark --random large --json benchmark.json

      emotion-monitor benchmark --engine emotion2vec --model models/plus_base --window 2 --window 3 --hop 0.5 --hop 1

      emotion-monitor benchmark --engine compact --call recorded-call.wav
    """
    need(LAB, "benchmark", ConfigError)
    from rich.console import Console

    from lab.cli.benchmark_report import print_report
    from monitor.cli.tables import report_console

    engines = [one.value for one in engine or EngineName]
    if random is not None and model is not None:
        raise ConfigError("--random makes the weights: leave out --model")
    if random is not None and EngineName.emotion2vec not in engines:
        raise ConfigError("--random is for emotion2vec: leave it out, or add --engine emotion2vec")
    given = settings_from(config, logs="error").engine
    # What is said of emotion2vec counts, whichever engine the configuration chooses.
    settings = settings_from(config, engine__name="emotion2vec", logs="error").engine
    console = Console(stderr=True, highlight=False)
    with ExitStack() as stack:
        status = stack.enter_context(console.status("reading the call"))

        def progress(line: str) -> None:
            if console.is_terminal:
                status.update(line)
            else:
                console.print(line)

        legs, audio = _audio(call)
        progress("loading torch")
        from lab.benchmark.measure import measure
        from lab.benchmark.plan import make_plan
        from monitor.engines.emotion2vec.options import Emotion2vecOptions

        name, called = _model(given, model, random, stack, progress)
        plan = make_plan(
            Emotion2vecOptions.model_validate(settings.model_dump()),
            engines=engines,
            model=name,
            called=called,
            compact_model=model if engines == [EngineName.compact] else None,
            device=device,
            threads=threads,
            latency=latency,
            max_batch=max_batch,
            precisions=[one.value for one in precision or ()],
            windows=window or (),
            hops=hop or (),
            gate=gate,
            seconds=QUICK if quick else seconds,
            audio=audio,
            without_generate=None if generate else "--no-generate",
        )
        report = measure(plan, legs, progress)
    write_json(report.model_dump(mode="json"), json_file)
    print_report(report, report_console(stderr=str(json_file) == "-"))


def _audio(call: Path | None) -> "tuple[list[Samples], str]":
    """What the legs hear, and that in words."""
    from lab.benchmark.call_audio import demonstration, whole_legs
    from lab.sound import read_legs
    from monitor.demo import CALL, TURNS

    if call is not None:
        return whole_legs(read_legs(call)), call.name
    return demonstration(read_legs(CALL), TURNS), "speech of the demonstration's call, half of the time silent"


def _model(
    settings: "EngineSection", model: str | None, random: Size | None, stack: ExitStack, progress: "Callable[[str], None]"
) -> tuple[str | None, str]:
    """What `engine.model` is to be, and what to call it; random weights lie in a file as long as `stack` is open."""
    from monitor.engines.emotion2vec.models import DEFAULT

    if random is None:
        name = model or (settings.model if settings.name == "emotion2vec" else None)
        return name, name or DEFAULT.short
    from tempfile import TemporaryDirectory

    from monitor.engines.emotion2vec.prepared import write_prepared
    from monitor.engines.emotion2vec.random_model import random_model

    progress("making random weights")
    file = Path(stack.enter_context(TemporaryDirectory(prefix="emotion-monitor-random-"))) / "random.safetensors"
    write_prepared(random_model(random.value), file)
    return str(file), f"random {random.value}"
