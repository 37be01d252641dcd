"""`embeddings clusters`, `trajectory` and `changes`: what embeddings look like, in tables, pictures and pages."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from monitor.cli.options import (
    STANDARD_OUTPUT,
    ConfigOption,
    JsonOption,
    StoreOption,
    existing_store,
    output_file,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError, MonitorError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from monitor.analysis import Embedding
    from monitor.analysis.offline_changes import ChangeAnalysis
    from monitor.store.base import Store

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        help="A .npy file; a folder; a pattern; a stored call, a moment of one (CALL@83.2-91.0/customer), or a day.",
        metavar="SOURCE...",
        show_default=False,
    ),
]
SourceArgument = Annotated[
    str,
    typer.Argument(
        help="A .npy file or a folder with one; a leg of a stored call (CALL/customer), or a moment of one.",
        metavar="FILE|MOMENT",
        show_default=False,
    ),
]
SameEngineOption = Annotated[
    bool, typer.Option("--same-engine", help="Files that name no engine are of the same one as the others.")
]
PngOption = Annotated[Path | None, typer.Option("--png", help="Draw it as a picture.", metavar="FILE", callback=output_file)]
SvgOption = Annotated[
    Path | None, typer.Option("--svg", help="Draw it as a picture that scales.", metavar="FILE", callback=output_file)
]
HtmlOption = Annotated[
    Path | None,
    typer.Option(
        "--html",
        "--page",
        help="Write a page that can be turned and clicked; it needs nothing else.",
        metavar="FILE",
        callback=output_file,
    ),
]


def clusters(
    named: SourcesArgument,
    method: Annotated[
        Literal["hdbscan", "kmeans"],
        typer.Option(help="hdbscan finds how many clusters there are, and what is in none; kmeans puts all into K."),
    ] = "hdbscan",
    k: Annotated[
        int | None,
        typer.Option("-k", help="Clusters of kmeans. [default: of 2 to 10 those with the best silhouette]", min=2, metavar="K"),
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(help="Cut into stretches of so many seconds. [default: the mean of each source]", metavar="SECONDS"),
    ] = None,
    smallest: Annotated[int, typer.Option(help="Points of the smallest cluster of hdbscan.", min=2, metavar="N")] = 5,
    same_engine: SameEngineOption = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
    html: HtmlOption = None,
    png: PngOption = None,
    svg: SvgOption = None,
) -> None:
    """Find calls or moments that are like each other: sizes, silhouette, labels, and a moment that stands for each.

    Compared by cosine, on the first ten principal components. Of a stored call, what a leg says is looked at, not its pauses.

    Examples:

      emotion-monitor embeddings clusters 2026-11-01 --every 2 --html clusters.html

      emotion-monitor embeddings clusters "clips/**/*.npy" --method kmeans -k 4 --png clusters.png
    """
    if k is not None and method != "kmeans":
        raise ConfigError(f"-k {k}: the clusters of {method} are not given but found; say --method kmeans")
    _check_positive("--every", every)
    inputs = _Inputs(named, store, config)
    from monitor.analysis.clusters import cluster

    found = cluster(inputs, method, k=k, seconds=every, smallest=smallest, same_engine=same_engine)
    inputs.report(found.as_dict(), json_file, "clusters", [_cluster_row(one) for one in found.as_dict()["clusters"]])
    if json_file is None:
        silhouette = "none, of one cluster" if found.silhouette is None else f"{found.silhouette:.2f}"
        if not found.clusters:
            silhouette = "none, without a cluster"
        inputs.say(f"{len(found.points)} points; in no cluster: {len(found.noise)}; silhouette: {silhouette}")
        inputs.say_skipped(found.points.skipped)
    if html is not None:
        from monitor.analysis.space_page import clusters_page

        _write("--html", html, clusters_page(found))
    if png is not None or svg is not None:
        from monitor.analysis.pictures import draw_clusters

        _save(lambda: draw_clusters(found), png, svg)
    inputs.end()


def trajectory(
    named: SourcesArgument,
    method: Annotated[
        Literal["pca", "umap"],
        typer.Option(help="pca: principal components. umap: neighbours stay neighbours; needs the extra umap."),
    ] = "pca",
    every: Annotated[float, typer.Option(help="Seconds of speech that are one point.", metavar="SECONDS")] = 0.5,
    colour: Annotated[
        Literal["time", "emotion", "source"] | None,
        typer.Option(help="What colours tell. [default: time, of several sources the source]"),
    ] = None,
    changes: Annotated[
        Literal["told", "offline", "none"] | None,
        typer.Option(
            help="Change points: as the monitor told them, or as `embeddings changes` finds them. "
            "[default: of stored calls told, of files offline]"
        ),
    ] = None,
    same_engine: SameEngineOption = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
    html: HtmlOption = None,
    png: PngOption = None,
    svg: SvgOption = None,
) -> None:
    """Draw the way of a call, or of many in one space, through the engine's features, with its change points.

    Examples:

      emotion-monitor embeddings trajectory CALL/customer --png way.png --html way.html

      emotion-monitor embeddings trajectory 2026-11-01 --colour emotion --svg day.svg
    """
    if all(target is None for target in (html, png, svg, json_file)):
        raise ConfigError("trajectory: name what to write: --png, --svg or --html FILE, or --json -")
    _check_positive("--every", every)
    inputs = _Inputs(named, store, config)
    from monitor.analysis.trajectory import trajectory as find

    way = find(inputs, method, seconds=every, changes=_changes_of(inputs, changes), same_engine=same_engine)
    chosen = colour or ("time" if len(way.lines()) == 1 else "source")
    if chosen == "emotion" and not any(way.points.labels):
        raise ConfigError(
            "--colour emotion: nobody says of which emotion these are; stored calls and files with a result.json do"
        )
    inputs.report(way.as_dict(), json_file, "trajectory", [_source_row(way.as_dict(), source) for source, _ in way.lines()])
    if json_file is None:
        inputs.say("; ".join(way.axes.names))
        inputs.say_skipped(way.points.skipped)
    if html is not None:
        from monitor.analysis.space_page import trajectory_page

        _write("--html", html, trajectory_page(way, chosen))
    if png is not None or svg is not None:
        from monitor.analysis.pictures import draw_trajectory

        _save(lambda: draw_trajectory(way, chosen), png, svg)
    inputs.end()


def changes(
    named: SourceArgument,
    model: Annotated[
        Literal["rbf", "linear", "cosine"],
        typer.Option(help="What changes: the distribution (rbf), the mean (linear), the direction (cosine)."),
    ] = "rbf",
    penalty: Annotated[
        float | None,
        typer.Option(help="By how much each change must lower the cost. [default: four times the recording's own noise]"),
    ] = None,
    number: Annotated[int | None, typer.Option("--number", "-n", help="Find so many changes.", min=1, metavar="N")] = None,
    smallest: Annotated[
        float, typer.Option(help="Seconds of speech on each side of a change, at least.", metavar="SECONDS")
    ] = 1.0,
    store: StoreOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
    png: PngOption = None,
    svg: SvgOption = None,
) -> None:
    """Find where a recording changes, by ruptures, beside the largest step of the mean over the features.

    The picture has both, one under the other: the mean is one number of hundreds, and its largest step is there even where
    nothing changes.

    Examples:

      emotion-monitor embeddings changes outputs/outputs_20260104_223000 --png changes.png

      emotion-monitor embeddings changes CALL/customer --number 3 --json -
    """
    if penalty is not None and number is not None:
        raise ConfigError("--penalty and --number: name one; with a penalty, the number of changes is what is found")
    _check_positive("--penalty", penalty)
    _check_positive("--smallest", smallest)
    inputs = _Inputs([named], store, config)
    from monitor.analysis import references
    from monitor.analysis.offline_changes import change_analysis

    found = list(references([named], inputs.store))
    if len(found) > 1:
        raise ConfigError(f"{named}: {len(found)} embeddings, such as {found[0].name}; name one")
    analysis = change_analysis(found[0].load(), model, penalty=penalty, number=number, smallest=smallest)
    inputs.report(analysis.as_dict(), json_file, f"changes of {analysis.source}", _change_rows(analysis))
    if json_file is None:
        if analysis.penalty is not None:
            inputs.say(
                f"penalty {analysis.penalty:.3g}" + (", four times the recording's own noise" if analysis.chosen else "")
            )
        if analysis.skipped:
            inputs.say_skipped({analysis.source: analysis.skipped})
    if png is not None or svg is not None:
        from monitor.analysis.pictures import draw_changes

        _save(lambda: draw_changes(analysis), png, svg)


class _Inputs:
    """The embeddings that a command was given, one after the other; what cannot be loaded is told at the end."""

    def __init__(self, named: list[str], store: str | None, config: Path | None) -> None:
        settings = settings_from(config, store, log__level="warning")
        self.store: Callable[[], Store] = cache(lambda: existing_store(settings))
        self._named = named
        self._failed: list[tuple[str, MonitorError]] = []

    def __iter__(self) -> "Iterator[Embedding]":
        from monitor.analysis import stream

        loaded = 0
        for outcome in stream(self._named, lambda embedding: embedding, store=self.store, workers=1):
            if outcome.value is not None:
                loaded += 1
                yield outcome.value
            elif isinstance(outcome.error, MonitorError):
                self._failed.append((outcome.source, outcome.error))
            elif outcome.error is not None:
                raise outcome.error
        if self._failed and not loaded:
            for _, error in self._failed[1:]:
                typer.echo(f"emotion-monitor: {error}", err=True)
            raise self._failed[0][1]

    def report(self, document: dict[str, Any], json_file: Path | None, title: str, rows: list[dict[str, Any]]) -> None:
        """As JSON where that is asked for, else as a table."""
        failed = [{"source": name, "kind": type(error).__name__, "error": str(error)} for name, error in self._failed]
        write_json({**document, "failed": failed}, json_file)
        if json_file is None or str(json_file) != STANDARD_OUTPUT:
            from monitor.cli.tables import report_console, table

            report_console().print(table(title, rows))

    def say(self, line: str) -> None:
        """A line under the table."""
        typer.echo(line)

    def say_skipped(self, skipped: dict[str, int]) -> None:
        """That frames without a result were left out."""
        if skipped:
            typer.echo(f"left out: {sum(skipped.values())} frames without a result (NaN), of {', '.join(skipped)}")

    def end(self) -> None:
        """Tell what could not be loaded; the exit code is that of the first."""
        for _, error in self._failed:
            typer.echo(f"emotion-monitor: {error}", err=True)
        if self._failed:
            raise typer.Exit(self._failed[0][1].exit_code)


def _changes_of(
    inputs: _Inputs, asked: Literal["told", "offline", "none"] | None
) -> "Callable[[Embedding], tuple[float, ...]] | None":
    from monitor.analysis.errors import TooFewPointsError
    from monitor.analysis.offline_changes import change_analysis
    from monitor.analysis.told_changes import told_changes

    def found(embedding: "Embedding") -> tuple[float, ...]:
        of_store = embedding.file is None
        if of_store and asked != "offline":
            return told_changes(inputs.store().journal, embedding)
        if asked == "told":
            raise ConfigError(f"--changes told: {embedding.source} is a file, and the monitor told changes of stored calls")
        try:
            return change_analysis(embedding).changes
        except TooFewPointsError:
            return ()

    return None if asked == "none" else found


def _check_positive(flag: str, value: float | None) -> None:
    if value is not None and not 0 < value < float("inf"):
        raise ConfigError(f"{flag} {value:g}: must be above 0")


def _cluster_row(one: dict[str, Any]) -> dict[str, Any]:
    labels = one["labels"]
    return {
        "cluster": one["number"],
        "points": one["size"],
        "silhouette": one["silhouette"],
        "engine says": {label: f"{count / sum(labels.values()):.0%}" for label, count in list(labels.items())[:3]},
        "medoid": one["medoid"],
    }


def _source_row(way: dict[str, Any], source: str) -> dict[str, Any]:
    return {
        "source": source,
        "points": sum(point["source"] == source for point in way["points"]),
        "changes": ", ".join(f"{second:.1f} s" for second in way["changes"].get(source, ())),
    }


def _change_rows(analysis: "ChangeAnalysis") -> list[dict[str, Any]]:
    """What lies between changes, how clear each change is, and the largest step."""
    gains = ["", *(f"{gain:.1f}" for gain in analysis.gains)]
    rows = [
        {"measure": f"ruptures, {analysis.model}", "from": begin, "to": end, "engine says": label, "gain": gain}
        for (begin, end, label), gain in zip(analysis.segments(), gains, strict=True)
    ]
    step = analysis.step
    if step is not None:
        said = {None: "", True: "within speech", False: "at a pause"}[step.in_speech]
        rows.append(
            {
                "measure": "largest step of the mean",
                "from": step.time,
                "to": None,
                "engine says": said,
                "gain": f"{step.size:.3g}",
            }
        )
    return rows


def _save(draw: "Callable[[], Figure]", png: Path | None, svg: Path | None) -> None:
    from monitor.analysis.pictures import save

    figure = draw()
    kinds: tuple[tuple[Literal["png", "svg"], Path | None], ...] = (("png", png), ("svg", svg))
    for kind, path in kinds:
        if path is not None:
            try:
                save(figure, path, kind)
            except OSError as error:
                raise ConfigError(f"--{kind} {path}: cannot be written: {error.strerror or error}") from None


def _write(flag: str, path: Path, text: str) -> None:
    from monitor.output_file import write_text

    try:
        write_text(path, text)
    except OSError as error:
        raise ConfigError(f"{flag} {path}: cannot be written: {error.strerror or error}") from None
