"""Reads the settings: YAML, then credentials, then environment, then flags, each overriding the one before, key by key."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from monitor.config.choice import UNKNOWN_OPTION
from monitor.config.document import parse
from monitor.config.keys import Keys, file_key, named_tokens, secret_keys, section_of, text_keys
from monitor.config.relative import resolve
from monitor.config.secrets import credentials, read_secret
from monitor.config.sections import Settings
from monitor.errors import ConfigError
from monitor.validation import place, sentence
from monitor.yaml_document import Keys as Path_
from monitor.yaml_document import read_text

ENVIRONMENT_PREFIX = "EMOTION_MONITOR_"
"""`EMOTION_MONITOR_SERVER__PORT=9000` sets `server.port`; text is taken as it is, other values are read as YAML."""

Entry = tuple[Keys, Any, str]
"""A key, its value, and where it is from."""


def load_settings(
    path: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings of one run.

    `path` is a YAML file, whose relative paths are relative to it; `environment` defaults to the process's; `flags` maps dotted
    keys (`engine.name`) to values, those that are None being left alone. A secret is read from the file that its `_file` key
    names. Raises `ConfigError` naming the file and line, variable or flag of every wrong key, and no secret.
    """
    environment = os.environ if environment is None else environment
    merged, origin, faults = ({}, {}, []) if path is None else _read_file(path)
    _lay(merged, list(credentials(environment, merged)), origin)
    _lay(merged, _from_environment(environment, merged), origin)
    given = [(tuple(key.split(".")), value, _flag(key)) for key, value in (flags or {}).items() if value is not None]
    _lay(merged, given, origin)
    _read_secrets(merged, origin)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        faults += [_explain(item, origin) for item in error.errors(include_input=False)]
    if faults:
        raise ConfigError("\n".join(faults))
    return settings


def _from_environment(environment: Mapping[str, str], merged: Mapping[str, Any]) -> list[Entry]:
    entries: list[Entry] = []
    secrets = secret_keys(merged)
    texts = secrets | text_keys(merged)
    for name, text in environment.items():
        if name.startswith(ENVIRONMENT_PREFIX):
            keys = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
            source = f"environment variable {name}"
            value = _text(text, keys in secrets) if keys in texts else _yaml(text, keys, source)
            entries.append((keys, value, source))
    return entries


def _yaml(text: str, keys: Keys, source: str) -> Any:
    document = parse(text, source, lines=False, above=keys)
    if document.mistakes:
        raise ConfigError("\n".join(document.mistakes))
    return document.data


def _text(text: str, secret: bool) -> str | None:
    return None if not secret and text in ("", "~", "null") else text


def _lay(merged: dict[str, Any], entries: Sequence[Entry], origin: dict[Path_, str]) -> None:
    """Put a layer over those before. A secret and the file that holds it override each other."""
    for secret in secret_keys(merged):
        for keys, other in ((secret, file_key(secret)), (file_key(secret), secret)):
            if any(entry[0] == keys for entry in entries):
                section_of(merged, other).pop(other[-1], None)
    for keys, value, source in entries:
        _set(merged, keys, value, source, origin)


def _set(tree: dict[str, Any], keys: Keys, value: Any, source: str, origin: dict[Path_, str]) -> None:
    here = tree
    for key in keys[:-1]:
        below = here.setdefault(key, {})
        if not isinstance(below, dict):
            raise ConfigError(f"{source}: {key} is a value, not a section")
        here = below
    here[keys[-1]] = value
    origin[keys] = source


def _read_secrets(merged: dict[str, Any], origin: dict[Path_, str]) -> None:
    for secret in secret_keys(merged):
        section, of_file = section_of(merged, secret), file_key(secret)
        path, source = section.get(of_file[-1]), origin.get(of_file, "configuration")
        if path is None:
            continue
        name = ".".join(secret)
        if section.get(secret[-1]) is not None:
            raise ConfigError(f"{source}: {name} and {name}_file are both given: take one away")
        section[secret[-1]] = read_secret(Path(str(path)), f"{source}: {name}_file")
        origin[secret] = source
    for number, entry in enumerate(named_tokens(merged)):
        path, source = entry.get("token_file"), origin.get(("server", "tokens", number, "token_file"), "configuration")
        if path is not None:
            name = f"server.tokens.{number}.token"
            if entry.get("token") is not None:
                raise ConfigError(f"{source}: {name} and {name}_file are both given: take one away")
            entry["token"] = read_secret(Path(str(path)), f"{source}: {name}_file")


def _read_file(path: Path) -> tuple[dict[str, Any], dict[Path_, str], list[str]]:
    document = parse(read_text(path, "configuration file"), str(path))
    data, places, mistakes = document.data, dict(document.places), list(document.mistakes)
    if data is None:
        return {}, places, mistakes
    if not isinstance(data, dict):
        raise ConfigError(f"{path}:1: expected sections (engine:, store:, ...), found {type(data).__name__}")
    resolve(data, path.parent)
    return data, places, mistakes


def _flag(key: str) -> str:
    """Where a value is from that a command was given for `key`."""
    return f"flag for {key}"


def _explain(item: Any, origin: dict[Path_, str]) -> str:
    keys: Path_ = tuple(item["loc"])
    where = next((origin[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in origin), "configuration")
    name = place(item) or "configuration"
    if item["type"] == "extra_forbidden":
        return f"{where}: unknown key {name}; `emotion-monitor config show` lists all keys"
    if item["type"] == UNKNOWN_OPTION:
        return f"{where}: unknown key {name}; {item['msg']}"
    return f"{where}: {sentence(item)}" if where == _flag(name) else f"{where}: {name}: {sentence(item)}"
