"""`emotion-monitor templates`: examples that live speech is held against."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    STANDARD_OUTPUT,
    ConfigOption,
    JsonOption,
    StoreOption,
    existing_store,
    output_folder,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.learned.template import Template

app = typer.Typer(help="Make templates of examples, and find what is like them, in calls and live.", no_args_is_help=True)

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        help="A .npy file, a folder, a pattern, a stored call, a moment of one (CALL@83.2-91.0/customer), or a day.",
        metavar="SOURCE...",
        show_default=False,
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", "-f", help="Folder of the templates. [default: analysis.templates]", metavar="DIR"),
]


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="By which rules name it: letters, digits, - and _.", metavar="NAME")],
    sources: SourcesArgument,
    against: Annotated[
        list[str] | None,
        typer.Option("--against", "-a", help="Other speech, from which the threshold is learnt; repeat it.", metavar="SOURCE"),
    ] = None,
    granularity: Annotated[
        str, typer.Option("--granularity", "-g", help="utterance: an example is its mean; frame: each of its 0.1 s.")
    ] = "utterance",
    window: Annotated[
        float | None,
        typer.Option("--window", "-w", help="Seconds of speech that are held against it at a time. [default: 3; frame: 0.1]"),
    ] = None,
    centre: Annotated[
        bool | None,
        typer.Option(
            "--centre/--no-centre", help="Subtract the mean of the other speech first. [default: where there is some]"
        ),
    ] = None,
    false_accepts: Annotated[
        float,
        typer.Option(
            "--false-accepts", help="Share of stretches of the other speech that may reach the threshold.", min=0, max=1
        ),
    ] = 0.01,
    same_engine: Annotated[
        bool, typer.Option("--same-engine", help="Files that do not say their engine are of the same one as the rest.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            "-f",
            help="Folder to write NAME.safetensors to. [default: analysis.templates, or here]",
            metavar="DIR",
            callback=output_folder,
        ),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
) -> None:
    """Make a template of examples, and learn from other speech how like it something must be.

    The threshold is the least that --false-accepts of the stretches of --against reach, each as long as the window. It is told
    how many of the examples the others would find. A template is for the engine and weights of its examples alone.

    Examples:

      emotion-monitor templates make cancellation-threat CALL@83.2-91.0/customer CALL@12-17/customer --against 2026-11-01

      emotion-monitor templates make laughter "laughs/*.npy" --against "speech/*.npy" --granularity frame
    """
    settings = settings_from(config, store, log__level="warning")
    from typing import get_args

    from monitor.analysis import resolve
    from monitor.analysis.matcher import Wanted, make_template
    from monitor.analysis.result_file import Granularity
    from monitor.learned.file import SUFFIX, write_content

    if granularity not in get_args(Granularity):
        raise ConfigError(f"--granularity {granularity}: expected utterance or frame")
    wanted = Wanted(
        name,
        granularity=granularity,  # type: ignore[arg-type]
        window=window,
        centre=centre,
        false_accepts=false_accepts,
        same_engine=same_engine,
    )
    there = lambda: existing_store(settings)  # noqa: E731 - opened when the first call is named
    template = make_template(wanted, resolve(sources, there), resolve(against or (), there))
    target = (folder or settings.analysis.templates or Path()) / f"{name}{SUFFIX}"
    if not target.parent.exists():
        target.parent.mkdir()
    write_content(target, template.content)
    _report([(target, template)], json_file, "template")


@app.command("list")
def list_templates(folder: FolderOption = None, config: ConfigOption = None, json_file: JsonOption = None) -> None:
    """The templates of a folder: engine, examples, threshold, and how often other speech reaches it."""
    settings = settings_from(config, log__level="warning")
    _report(_in_folder(_folder(folder, settings)), json_file, "templates")


@app.command()
def show(
    template: Annotated[str, typer.Argument(help="A file, or a name in the folder.", metavar="FILE|NAME")],
    folder: FolderOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
) -> None:
    """Everything that a template says of itself: what it was made from, with which engine, and its figures."""
    settings = settings_from(config, log__level="warning")
    path, found = _named(template, folder, settings)
    document = {"file": str(path), "digest": found.digest, **found.document.model_dump(mode="json", exclude={"rows"})}
    write_json(document, json_file)
    if json_file is None:
        from monitor.cli.tables import report_console, table

        rows = [
            {"": key, found.name: ", ".join(value) if isinstance(value, list) else value} for key, value in document.items()
        ]
        report_console().print(table("template", rows))


@app.command()
def match(
    sources: SourcesArgument,
    template: Annotated[
        list[str] | None,
        typer.Option(
            "--template",
            "-t",
            help="A file, or a name in the folder; repeat it. [default: all of the folder]",
            metavar="FILE|NAME",
        ),
    ] = None,
    at_least: Annotated[
        float | None, typer.Option("--at-least", help="Similarity, in place of the thresholds learnt.", min=-1, max=1)
    ] = None,
    folder: FolderOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
) -> None:
    """How like each template files, calls or moments are at best, and when: what a live rule would have measured.

    Examples:

      emotion-monitor templates match 2026-11-01 --template cancellation-threat

      emotion-monitor templates match CALL/customer --template laughter.safetensors --at-least 0.6 --json -
    """
    settings = settings_from(config, store, log__level="warning")
    from dataclasses import asdict

    from monitor.analysis import resolve
    from monitor.analysis.matcher import match as match_templates
    from monitor.cli.tables import report_console, table
    from monitor.learned.learned import Learned

    named = [_named(one, folder, settings) for one in template] if template else _in_folder(_folder(folder, settings))
    templates = Learned.of([each for _, each in named]).templates
    if not templates:
        raise ConfigError("no template: make one with: emotion-monitor templates make")
    found = [
        one
        for embedding in resolve(sources, lambda: existing_store(settings))
        for one in match_templates(embedding, templates, at_least)
    ]
    write_json({"matches": [asdict(one) for one in found]}, json_file)
    if json_file is None:
        rows = [
            {
                "source": one.source,
                "template": one.template,
                "similarity": one.similarity,
                "at": one.at,
                "threshold": one.threshold,
                "moments": ", ".join(f"{stretch.start:.1f}-{stretch.stop:.1f}" for stretch in one.stretches),
            }
            for one in found
        ]
        report_console().print(table("matches", rows))


def _folder(folder: Path | None, settings: "Settings") -> Path:
    found = folder or settings.analysis.templates
    if found is None:
        raise ConfigError("which templates? Name a folder with --folder, or in the configuration: analysis.templates")
    return found


def _in_folder(folder: Path) -> list[tuple[Path, "Template"]]:
    from monitor.learned.configured import template_files
    from monitor.learned.template import Template

    return [(path, Template.load(path)) for path in template_files(folder)]


def _named(text: str, folder: Path | None, settings: "Settings") -> tuple[Path, "Template"]:
    from monitor.learned.file import SUFFIX
    from monitor.learned.template import Template

    path = Path(text)
    if not path.suffix and not path.exists():
        path = _folder(folder, settings) / f"{text}{SUFFIX}"
    return path, Template.load(path)


def _report(templates: list[tuple[Path, "Template"]], json_file: Path | None, title: str) -> None:
    entries = [
        {"file": str(path), "digest": each.digest, **each.document.model_dump(mode="json", exclude={"rows"})}
        for path, each in templates
    ]
    write_json({"templates": entries}, json_file)
    from monitor.cli.tables import report_console, table

    console = report_console(stderr=str(json_file) == STANDARD_OUTPUT)
    console.print(table(title, [_row(each) for _, each in templates]))


def _row(template: "Template") -> dict[str, Any]:
    document = template.document
    figures = document.figures
    told = figures.false_accept_rate is not None and figures.false_accept_bound is not None
    return {
        "name": template.name,
        "engine": f"{document.engine or 'unknown'} {document.engine_version}".strip(),
        "granularity": document.granularity,
        "examples": len(document.sources),
        "found": "" if figures.hits is None else f"{figures.hits} of {figures.examples}",
        "window": document.window,
        "centred": "yes" if template.centre is not None else "no",
        "threshold": document.threshold,
        "false accepts": f"{figures.false_accepts} of {figures.trials} (at most {100 * figures.false_accept_bound:.1f} %)"
        if told and figures.false_accept_bound is not None
        else "",
    }
