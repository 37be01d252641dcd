"""`emotion-monitor heads`: labels of your own, told from the engine's embeddings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    STANDARD_OUTPUT,
    ConfigOption,
    EngineOption,
    JsonOption,
    ModelOption,
    StoreOption,
    existing_store,
    output_file,
    output_folder,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.analysis.labels import LabelledExample, Unused
    from monitor.analysis.training import Figures
    from monitor.learned.head import Head
    from monitor.store.base import Store

app = typer.Typer(help="Train heads for labels of your own, to be heard with beside the engine's.", no_args_is_help=True)

GROUPS = ("speaker", "call", "file")


@app.command()
def train(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Head to write, NAME.safetensors.", metavar="FILE", callback=output_file)
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            "-l",
            help="CSV: call,leg,start,end,label (seconds of stored calls), or file,label (.npy, folders, sound); and speaker.",
            metavar="FILE",
        ),
    ] = None,
    judged: Annotated[
        bool,
        typer.Option("--judged", help="What people said of stored calls: judged alerts (RULE, not RULE), notes with a label."),
    ] = False,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", help="With --judged: alerts of this rule alone; may be given again.", metavar="NAME"),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="By which rules name it. [default: that of the file]", show_default=False)
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            help="speaker, call or file: whose examples are never split. [default: speaker, where labels say it; call]",
        ),
    ] = None,
    folds: Annotated[int, typer.Option(help="Of the cross-validation.", min=2, max=100)] = 5,
    window: Annotated[float, typer.Option("--window", "-w", help="Seconds of speech that it hears at a time.")] = 3.0,
    balance: Annotated[bool, typer.Option("--balance/--no-balance", help="Whether each label counts the same.")] = True,
    skip: Annotated[bool, typer.Option("--skip", help="Leave out examples of which there is no embedding.")] = False,
    same_engine: Annotated[
        bool, typer.Option("--same-engine", help="Files that do not say their engine are of the same one as the rest.")
    ] = False,
    features: Annotated[
        Path | None,
        typer.Option(
            "--features",
            help="Folder to keep what is extracted from sound, for the next time.",
            metavar="DIR",
            callback=output_folder,
        ),
    ] = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
) -> None:
    """Train a head on labelled moments of stored calls (no sound is needed), .npy files, or sound.

    The figures are of a cross-validation in which no speaker, or no call, is both trained on and measured; beside the accuracy
    stands what always guessing the most frequent label has. A head is for the engine and weights of its embeddings alone.

    Examples:

      emotion-monitor heads train --labels moments.csv --out churn.safetensors

      emotion-monitor heads train --judged --rule customer-angry --out really-angry.safetensors

      emotion-monitor heads train --labels clips/labels.csv --out tone.safetensors --features features --json report.json
    """
    if group is not None and group not in GROUPS:
        raise ConfigError(f"--group {group}: expected {', '.join(GROUPS)}")
    settings = settings_from(config, store, engine__name=engine, engine__model=model, log__level="warning")
    from monitor.analysis.errors import ExamplesError
    from monitor.analysis.labels import Labelled, embeddings_of, read_labels
    from monitor.analysis.training import Plan, train_head
    from monitor.learned.file import write_content

    plan = Plan(
        out.stem if name is None else name,
        group=group,  # type: ignore[arg-type]
        folds=folds,
        window=window,
        balance=balance,
        same_engine=same_engine,
    )
    if (labels is None) != judged:
        raise ConfigError("what is to be learnt from? Give one of --labels FILE and --judged")
    source = "judged" if labels is None else str(labels)
    examples = _judged(existing_store(settings), rule or ()) if labels is None else read_labels(labels)
    found = list(embeddings_of(examples, lambda: existing_store(settings), settings, features))
    used = sorted((one for one in found if isinstance(one, Labelled)), key=lambda one: one.example.line)
    unused = sorted((one for one in found if not isinstance(one, Labelled)), key=lambda one: one.example.line)
    if unused and (not used or not skip):
        raise ExamplesError(
            f"{len(unused)} of {len(examples)} labels cannot be used; the first, {source}:{unused[0].example.line}: "
            f"{unused[0].reason}" + ("" if not used else "; mend them, or leave them out with --skip")
        )
    head, figures = train_head(used, plan, source if labels is None else labels.name)
    write_content(out, head.content)
    report = {"file": str(out), "digest": head.digest, **head.document.model_dump(mode="json")}
    report["unused"] = [{"line": one.example.line, "example": one.example.name, "reason": one.reason} for one in unused]
    write_json(report, json_file)
    _print(head, figures, unused, stderr=str(json_file) == STANDARD_OUTPUT)


@app.command("list")
def list_heads(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Heads. [default: analysis.heads]", metavar="FILE...", show_default=False)
    ] = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
) -> None:
    """Heads: their labels, engine, and what they were worth when they were trained."""
    settings = settings_from(config, log__level="warning")
    from monitor.cli.tables import report_console, table
    from monitor.learned.head import Head

    named = files or settings.analysis.heads
    if not named:
        raise ConfigError("which heads? Name files, or in the configuration: analysis.heads")
    heads = [(path, Head.load(path)) for path in named]
    write_json({"heads": [_entry(path, head) for path, head in heads]}, json_file)
    if json_file is None:
        report_console().print(table("heads", [_row(head) for _, head in heads]))


@app.command()
def show(file: Annotated[Path, typer.Argument(help="A head.", metavar="FILE")], json_file: JsonOption = None) -> None:
    """Everything that a head says of itself."""
    from monitor.cli.tables import report_console, table
    from monitor.learned.head import Head

    head = Head.load(file)
    write_json(_entry(file, head), json_file)
    if json_file is None:
        told = _entry(file, head)
        figures = told.pop("figures")
        rows = [{"": key, head.name: ", ".join(value) if isinstance(value, list) else value} for key, value in told.items()]
        report_console().print(table("head", rows))
        if figures:
            report_console().print(table("figures", [{"": key, head.name: str(value)} for key, value in figures.items()]))


def _judged(store: "Store", rules: "Sequence[str]") -> "list[LabelledExample]":
    """The examples that people gave by judging and noting. Raises `ExamplesError` where there are none."""
    from monitor.analysis.errors import ExamplesError
    from monitor.analysis.judged import examples_of, stored_labels

    examples = examples_of(stored_labels(store.journal, rules))
    if not examples:
        none = f"no alert of {', '.join(rules)} was judged" if rules else "no alert was judged, and no note has a label"
        raise ExamplesError(f"{store.place}: {none}; judge some on the page, or by POST /api/v1/alerts/ID/judge")
    return examples


def _entry(path: Path, head: "Head") -> dict[str, Any]:
    return {"file": str(path), "digest": head.digest, **head.document.model_dump(mode="json")}


def _row(head: "Head") -> dict[str, Any]:
    document, figures = head.document, head.document.figures
    return {
        "name": head.name,
        "engine": f"{document.engine or 'unknown'} {document.engine_version}".strip(),
        "labels": ", ".join(head.labels),
        "window": document.window,
        "examples": figures.get("examples"),
        "accuracy": figures.get("accuracy"),
        "majority": figures.get("majority"),
        "digest": head.digest,
    }


def _print(head: "Head", figures: "Figures", unused: "list[Unused]", *, stderr: bool) -> None:
    from monitor.cli.tables import report_console, table

    console = report_console(stderr=stderr)
    what = f"{figures.examples} examples of {figures.groups} {figures.group}s in {figures.folds} folds"
    console.print(f"{what}; each is measured by what has not heard its {figures.group}", soft_wrap=True)
    console.print(
        table(
            f"head {head.name}",
            [
                {"figure": "accuracy", "value": figures.accuracy},
                {"figure": "always the most frequent label", "value": figures.majority},
                {"figure": "balanced accuracy", "value": figures.balanced_accuracy},
                {"figure": "a guess has", "value": 1 / len(head.labels)},
                {"figure": "least of the folds", "value": min(figures.accuracy_by_fold)},
                {"figure": "calibration error", "value": figures.calibration_error},
                {"figure": "before the temperature", "value": figures.calibration_error_before},
            ],
        )
    )
    rows = [
        {
            "is": label,
            **{f"said {other}": figures.confusion[index][column] for column, other in enumerate(head.labels)},
            "recall": figures.recall[label],
            "precision": figures.precision[label],
        }
        for index, label in enumerate(head.labels)
    ]
    console.print(table("confusion", rows))
    for one in unused:
        console.print(f"left out, line {one.example.line}: {one.reason}", soft_wrap=True, markup=False)
    if figures.accuracy <= figures.majority and figures.balanced_accuracy <= 1 / len(head.labels):
        console.print("no better than a guess: these embeddings do not tell these labels, or there are too few examples")
