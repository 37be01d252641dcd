"""`emotion-monitor rules`: the versions of a store's rules, and having one come back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    ConfigOption,
    JsonOption,
    StoreOption,
    TokenOption,
    existing_store,
    service_url,
    settings_from,
    write_json,
)
from monitor.cli.watch import UrlOption
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.alerts.versions import RuleVersions
    from monitor.config import Settings
    from monitor.store.base import Store

app = typer.Typer(help="The versions of the rules that a service keeps beside its store.", no_args_is_help=True)

VersionArgument = Annotated[int, typer.Argument(help="Number of a version; see `emotion-monitor rules list`.", min=1)]


@app.command("list")
def list_versions(store: StoreOption = None, config: ConfigOption = None, json_file: JsonOption = None) -> None:
    """All versions, the newest first: who saved them, when, and what for."""
    settings = settings_from(config, store=store, logs="warning")
    from monitor.cli.options import STANDARD_OUTPUT
    from monitor.cli.tables import report_console, table

    found = [version.document() for version in _versions(existing_store(settings)).all()[::-1]]
    report_console(stderr=str(json_file) == STANDARD_OUTPUT).print(table("versions of the rules", found))
    write_json({"versions": found}, json_file)


@app.command()
def show(version: VersionArgument, store: StoreOption = None, config: ConfigOption = None) -> None:
    """The text of one version, as a rule file."""
    settings = settings_from(config, store=store, logs="warning")
    versions = _versions(existing_store(settings))
    typer.echo(versions.text(versions.get(version)), nl=False)


@app.command()
def use(
    version: VersionArgument,
    note: Annotated[str | None, typer.Option(help="Why. [default: version N again]", metavar="TEXT")] = None,
    by: Annotated[str | None, typer.Option(help="Who does that. [default: the user of this machine]", metavar="NAME")] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Have a version come back: its rules are saved as the newest one. Calls in progress keep theirs.

    Where a service is running (at --url, or at the configured address), it does that; else the next one finds it in the store.

    Examples:

      emotion-monitor rules use 3 --note "the new threshold was too low"
    """
    settings = settings_from(config, store=store, logs="warning")
    import getpass

    body = {"note": note or f"version {version} again", "by": by or getpass.getuser()}
    if token is None and settings.server.token is not None:
        token = settings.server.token.get_secret_value()
    number = _ask_service(service_url(url, settings), token, version, body, required=url is not None)
    if number is None:
        number = _use_here(settings, version, body)
    typer.echo(f"the rules of version {version} are in force again, as version {number}")


def _ask_service(url: str, token: str | None, version: int, body: dict[str, Any], *, required: bool) -> int | None:
    """Have the service at `url` save it; the number of the new version, or None, where none is there."""
    from monitor.remote.ask import NoServiceError, ask

    def asked(method: str, path: str, said: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = ask(url, method, f"/api/v1/rules{path}", said, token=token)
        if (error := answer.error()) is not None:
            raise error
        return answer.document

    try:
        base = asked("GET", "")["version"]
        text = asked("GET", f"/versions/{version}")["text"]
        return int(asked("PUT", "", {**body, "text": text, "base": base})["version"])
    except NoServiceError:
        if required:
            raise
        return None


def _use_here(settings: "Settings", version: int, body: dict[str, Any]) -> int:
    """Save it in the store, as whoever serves it would."""
    from monitor.alerts.rules import parse_rules

    found = existing_store(settings)
    versions = _versions(found)
    with found.serving():
        text = versions.text(versions.get(version))
        if versions.all()[-1].number == version:
            raise ConfigError(f"version {version} is in force: nothing to do")
        parse_rules(text, str(versions.file(version)))
        return versions.save(text, origin="saved", **body).number


def _versions(store: "Store") -> "RuleVersions":
    from monitor.alerts.versions import FOLDER, RuleVersions

    folder = store.beside(FOLDER)
    if folder is None:
        raise ConfigError(f"the store ({store.place}) keeps no files, and so no versions of rules")
    return RuleVersions(folder)
