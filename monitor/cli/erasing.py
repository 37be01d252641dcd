"""`emotion-monitor calls delete` and `calls prove-erased`: a call leaves the store, and whether anything of it is left."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    CallArgument,
    ConfigOption,
    JsonOption,
    StoreOption,
    TokenOption,
    existing_store,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError, NotFoundError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.store.base import Store

PATIENCE = 600.0
"""Seconds for which a service is waited for: it looks into all calls for what was learnt from one."""


def delete(
    call: CallArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    token: TokenOption = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Leave out a running service, whose memory and clients keep the call then.")
    ] = False,
    json_file: JsonOption = None,
) -> None:
    """Remove every trace of a call: frames, snapshots, sound, its events, and its moments in the search index.

    Where a service is running on the store, it does that, so that its clients and its memory forget the call, too. Where it
    refuses or does not answer, nothing is erased.

    What was learnt from it stays and is named: templates and heads of the configuration, and stored calls that keep some.
    """
    settings = settings_from(config, store=store, log__level="warning")
    frame_store = existing_store(settings)
    served_at = None if offline else frame_store.served_at()
    if not yes:
        typer.confirm(f"Erase call {call}{_shown(frame_store, call)} for ever?", abort=True)
    if served_at is not None:
        if token is None and settings.server.token is not None:
            token = settings.server.token.get_secret_value()
        remains = _ask_service(served_at, token, call)
    else:
        from dataclasses import asdict

        from monitor.analysis.erasing import erase_call

        remains = asdict(erase_call(frame_store, call, settings.analysis))
    write_json({"call": call, "remains": remains}, json_file)
    if json_file is None:
        typer.echo(f"{call}: erased")
        for line in _remains_lines(remains):
            typer.echo(line)


def prove_erased(
    call: CallArgument,
    word: Annotated[
        list[str] | None,
        typer.Option("--word", help="Also look for this text, such as a name; may be given more than once.", metavar="TEXT"),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
) -> None:
    """Search the bytes of all files of the store for the id of a call, and for words; exit code 1 where something is found.

    The audit, which keeps the ids of erased calls on purpose, is named apart. An id of a few letters is found by chance in the
    numbers of other calls.

    Examples:

      emotion-monitor calls prove-erased CALL --word "Jane Doe"
    """
    settings = settings_from(config, store=store, log__level="warning")
    from dataclasses import asdict

    from monitor.server.audit import FILE
    from monitor.store.call_id import check_call_id
    from monitor.store.traces import traces

    frame_store = existing_store(settings)
    folder = frame_store.beside(".")
    if folder is None:
        raise ConfigError(f"the store ({frame_store.place}) keeps no files that could be searched")
    wanted = [check_call_id(call), *(word or ())]
    if not all(text.strip() for text in wanted):
        raise ConfigError("--word: a text to look for is missing")
    try:
        found = list(traces(folder, wanted, frame_store.ids()))
    except OSError as error:
        raise StoreError(f"cannot search the store {folder}: {error.strerror}: {error.filename}") from None
    audited = [one for one in found if (one.file, one.what) == (FILE, call)]
    left = [one for one in found if one not in audited]
    write_json({"call": call, "found": [asdict(one) for one in left], "audited": bool(audited)}, json_file)
    if json_file is None:
        for one in left:
            typer.echo(f"{one.file}: {one.what!r} ({one.spelling}, byte {one.offset})")
        if audited:
            typer.echo(f"{FILE} names the call, as it is to: it says who did what")
        typer.echo(f"{call}: {'traces are left' if left else 'nothing is found'}")
    if left:
        raise typer.Exit(1)


def _shown(frame_store: "Store", call: str) -> str:
    """What is to be erased, for who confirms it; nothing of a call whose erasure was interrupted."""
    try:
        summary = frame_store.open(call).summary()
    except StoreError:
        return ""
    return f" ({summary.seconds:.0f} s, {summary.started_at:%Y-%m-%d %H:%M} UTC)"


def _ask_service(url: str, token: str | None, call: str) -> "Mapping[str, Any]":
    """Have the service erase it; what remains. Raises `NotFoundError`, or `ConfigError` where nothing was erased."""
    from urllib.parse import quote

    from monitor.remote.ask import NoServiceError, ask

    nothing = "nothing was erased. With --offline the files are erased and the service keeps what it has in memory"
    if not url:
        raise ConfigError(f"another process has the store and does not say where it listens: {nothing}")
    try:
        answer = ask(url, "DELETE", f"/api/v1/calls/{quote(call, safe='')}/data", token=token, timeout=PATIENCE)
    except NoServiceError as error:
        raise ConfigError(f"a service has the store and cannot be asked: {error}: {nothing}") from None
    refusal = answer.error()
    if isinstance(refusal, NotFoundError):
        raise refusal
    if refusal is not None:
        raise ConfigError(f"the service at {url} refuses: {refusal}: {nothing}")
    remains: dict[str, Any] = answer.document["remains"]
    return remains


def _remains_lines(remains: "Mapping[str, Sequence[str]]") -> list[str]:
    return [
        *(
            f"template {path} still holds something of it: make it without the call, or remove it"
            for path in remains["templates"]
        ),
        *(f"head {path} was trained on it: train it without the call, or remove it" for path in remains["heads"]),
        *(f"{one} is in use by the service, and new calls keep it: restart it" for one in remains["in_use"]),
        *(
            f"call {other} keeps a template or head that was learnt from it, until it is erased itself"
            for other in remains["calls"]
        ),
        *(f"not looked into: {reason}" for reason in remains["unread"]),
    ]
