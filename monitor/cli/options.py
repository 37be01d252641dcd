"""Options that many commands share, and how they become settings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.errors import ConfigError
from monitor.output_file import check_file, check_folder, check_new, write_text

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.store.base import Store

STANDARD_OUTPUT = "-"
"""What names it in place of a file."""

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="YAML configuration; `emotion-monitor config show` prints every key.", metavar="FILE"),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        "-s",
        help="Folder of the store; or memory, which keeps nothing on a disk. [default: emotion-store]",
        metavar="DIR|KIND",
    ),
]
EngineOption = Annotated[
    str | None,
    typer.Option("--engine", "-e", help="compact (built in, the default) or emotion2vec.", metavar="NAME"),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="Hub id or directory of an emotion2vec model, or a compact weights file.", metavar="MODEL"
    ),
]
RulesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules", "-r", help="Rule file; may be given more than once. [default: the rules that ship]", metavar="FILE"
    ),
]


def output_file(context: typer.Context, option: typer.CallbackParam, path: Path | None) -> Path | None:
    """Callback of options that name a file to write: what cannot be written is refused before work begins."""
    if path is not None and str(path) != STANDARD_OUTPUT and not context.resilient_parsing:
        check_file(path, _flag(option))
    return path


def output_folder(context: typer.Context, option: typer.CallbackParam, path: Path | None) -> Path | None:
    """Callback of options that name a folder to write into, which is made where only it is missing."""
    if path is not None and not context.resilient_parsing:
        check_folder(path, _flag(option))
    return path


def output_new(context: typer.Context, option: typer.CallbackParam, path: Path | None) -> Path | None:
    """Callback of options that name a file or folder which must not exist yet."""
    if path is not None and not context.resilient_parsing:
        check_new(path, _flag(option))
    return path


def _flag(option: typer.CallbackParam) -> str:
    return max(option.opts, key=len)


CallArgument = Annotated[str, typer.Argument(help="Id of a call; see `calls list`.", metavar="CALL")]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", envvar="EMOTION_MONITOR_SERVER__TOKEN", help="The service's bearer token.", metavar="TOKEN"),
]
JsonOption = Annotated[
    Path | None,
    typer.Option(
        "--json", help="Write the report as JSON to this file; - is standard output.", metavar="FILE", callback=output_file
    ),
]
JobsOption = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes. [default: one a core]", metavar="N")]


def settings_from(config: Path | None, store: str | None = None, *, logs: str | None = None, **flags: Any) -> "Settings":
    """The settings of a command: its configuration file, the environment, and its flags.

    `store` is what `--store` names, `logs` what is logged where neither file nor environment says it.
    Flags are named like keys with `__` for the dot (`server__port`); None is no flag.
    """
    from monitor.config import load_settings

    dotted = {key.replace("__", "."): value for key, value in flags.items()}
    settings = load_settings(config, flags={**dotted, **store_flags(store)})
    from monitor.cli.log_output import set_up_logging

    said = logs is None or "level" in settings.log.model_fields_set
    set_up_logging(settings.log if said else settings.log.model_copy(update={"level": logs}))
    return settings


def store_flags(text: str | None) -> dict[str, str]:
    """What `--store` sets: a store that is no folder by its kind, else the folder of the store that ships.

    >>> store_flags("memory"), store_flags("calls")
    ({'store.kind': 'memory'}, {'store.kind': 'zarr', 'store.path': 'calls'})
    >>> store_flags("./memory"), store_flags(None)
    ({'store.kind': 'zarr', 'store.path': './memory'}, {})
    """
    if text is None:
        return {}
    from monitor.config.sections import StoreSection
    from monitor.store.registry import STORES

    on_disk = StoreSection().kind
    if text == on_disk or text not in STORES.names():
        return {"store.kind": on_disk, "store.path": text}
    if Path(text).exists():
        raise ConfigError(f"--store {text}: a kind of store, and the name of something here: write ./{text} for the folder")
    return {"store.kind": text}


def service_url(given: str | None, settings: "Settings") -> str:
    """The address of the service that a command asks: the one given, or the one configured."""
    from monitor.remote.address import url_of

    return given or url_of(settings.server.host, settings.server.port)


def existing_store(settings: "Settings") -> "Store":
    """The configured store. Raises `StoreError` where there is none, rather than showing an empty one."""
    from monitor.store import registry

    return registry.existing_store(settings.store)


def key_values(pairs: list[str] | None, flag: str) -> dict[str, str]:
    """`["a=1"]` as a dictionary. Raises `ConfigError` where there is no `=`.

    >>> key_values(["queue=billing"], "--metadata")
    {'queue': 'billing'}
    """
    result = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ConfigError(f"{flag}: expected KEY=VALUE, got {pair!r}")
        result[key] = value
    return result


def write_json(report: Any, target: Path | None) -> None:
    """A report as JSON, to a file (see `monitor.output_file`) or to standard output."""
    import json

    if target is None:
        return
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"
    if str(target) == STANDARD_OUTPUT:
        typer.echo(text, nl=False)
        return
    try:
        write_text(target, text)
    except OSError as error:
        raise ConfigError(f"--json {target}: cannot be written: {error.strerror}") from None
