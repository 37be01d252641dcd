"""`emotion-monitor config`: what the settings are, and whether they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from monitor.cli.options import ConfigOption, JsonOption, write_json

app = typer.Typer(help="Show and check the configuration.", no_args_is_help=True)


@app.command()
def show(config: ConfigOption = None, json_file: JsonOption = None) -> None:
    """Every key with the value in force (file, environment and defaults merged); secrets are masked."""
    import yaml

    from monitor.config import load_settings
    from monitor.config.secrets import masked

    tree = masked(load_settings(config).model_dump(mode="json"))
    write_json(tree, json_file)
    if json_file is None:
        typer.echo(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), nl=False)


@app.command()
def check(
    config: ConfigOption = None,
    model: Annotated[bool, typer.Option("--model", help="Also load the model, which may take a while.")] = False,
) -> None:
    """Check a configuration: keys, rules, sinks, sources, windows; exit code 2 and one line a fault where it does not hold."""
    from monitor.alerts.rules import RuleSet, load_rules
    from monitor.cli.options import settings_from
    from monitor.errors import ConfigError
    from monitor.learned.configured import configured
    from monitor.learned.engine_key import EngineKey
    from monitor.learned.learned import Learned
    from monitor.server.auth import check_exposure
    from monitor.sinks.following import check_sinks
    from monitor.sources.registry import check_source
    from monitor.store.registry import STORES, store_options

    settings = settings_from(config, log__level="warning")
    faults: list[str] = []
    rules = RuleSet(())
    key: EngineKey | None = None
    labels: tuple[str, ...] | None = () if settings.engine.model is None else None  # None: known once the model is loaded
    if model:
        from monitor.engines.registry import load_engine
        from monitor.pipeline.windows import Geometry

        engine = load_engine(settings.engine)
        labels = engine.info.labels
        typer.echo(f"engine {engine.info.name}: {engine.info.model} ({engine.info.version}); it names {', '.join(labels)}")
        with _gathered(faults):
            Geometry.of(settings.engine, engine.info)
        key = EngineKey(engine.info.name, engine.info.version, engine.info.dim)
        engine.close()
    with _gathered(faults):
        rules = load_rules(settings.alerts.rules, labels)
        learned = configured(settings.analysis)
        if key is not None:
            Learned(heads=learned.heads).require(key)
            rules = rules.heard_with(learned, key)
    with _gathered(faults):
        check_sinks(settings.sinks, rules.names)
    with _gathered(faults):
        check_exposure(settings.server)
    with _gathered(faults):
        store_options(STORES.load(settings.store.kind, "store.kind"), settings.store)
    for number, source in enumerate(settings.sources):
        with _gathered(faults):
            check_source(number, source.kind, source.options, settings)
    if faults:
        raise ConfigError("\n".join(faults))
    store = settings.store.path if settings.store.kind == "zarr" else settings.store.kind
    typer.echo(f"the configuration holds: engine {settings.engine.name}, {len(rules.rules)} rules, store {store}")
    if labels is None:
        typer.echo("whether the model names the emotions of the rules is checked with --model")
    if key is None and (settings.analysis.templates or settings.analysis.heads):
        typer.echo("whether templates and heads fit the rules and the model is checked with --model")


@contextmanager
def _gathered(faults: list[str]) -> Iterator[None]:
    """Go on after a fault, so that all are told at once."""
    from monitor.errors import ConfigError

    try:
        yield
    except ConfigError as error:
        faults.append(str(error))
