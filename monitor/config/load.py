"""Reads the settings: YAML, then environment, then flags, each overriding the one before, key by key."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from monitor.config.sections import Settings
from monitor.errors import ConfigError

ENVIRONMENT_PREFIX = "EMOTION_MONITOR_"
"""`EMOTION_MONITOR_SERVER__PORT=9000` sets `server.port`; values are read as YAML."""

Path_ = tuple[str | int, ...]


def load_settings(
    path: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings of one run.

    `path` is a YAML file; `environment` defaults to the process's; `flags` maps dotted keys (`engine.name`) to values, those
    that are None being left alone. Raises `ConfigError` naming the file and line, variable or flag of every wrong key.
    """
    origin: dict[Path_, str] = {}
    merged: dict[str, Any] = {}
    if path is not None:
        merged = _read_yaml(path, origin)
    for name, text in (os.environ if environment is None else environment).items():
        if name.startswith(ENVIRONMENT_PREFIX):
            keys = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
            _set(merged, keys, _environment_value(name, text), f"environment variable {name}", origin)
    for key, value in (flags or {}).items():
        if value is not None:
            _set(merged, tuple(key.split(".")), value, f"flag for {key}", origin)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(item, origin) for item in error.errors())) from None


def _environment_value(name: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        raise ConfigError(f"environment variable {name}: not a YAML value: {text!r}") from None


def _set(tree: dict[str, Any], keys: tuple[str, ...], value: Any, source: str, origin: dict[Path_, str]) -> None:
    here = tree
    for key in keys[:-1]:
        below = here.setdefault(key, {})
        if not isinstance(below, dict):
            raise ConfigError(f"{source}: {key} is a value, not a section")
        here = below
    here[keys[-1]] = value
    origin[keys] = source


def _read_yaml(path: Path, origin: dict[Path_, str]) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{where}: not valid YAML: {getattr(error, 'problem', error)}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path}:1: expected sections (engine:, store:, ...), found {type(data).__name__}")
    _note_lines(node, (), path, origin)
    return data


def _note_lines(node: yaml.Node | None, keys: Path_, path: Path, origin: dict[Path_, str]) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ConfigError(f"{path}:{key.start_mark.line + 1}: {key.value} is given twice")
            seen.add(key.value)
            origin[(*keys, key.value)] = f"{path}:{key.start_mark.line + 1}"
            _note_lines(value, (*keys, key.value), path, origin)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            origin[(*keys, index)] = f"{path}:{value.start_mark.line + 1}"
            _note_lines(value, (*keys, index), path, origin)


def _explain(item: Any, origin: dict[Path_, str]) -> str:
    keys: Path_ = tuple(item["loc"])
    where = next((origin[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in origin), "configuration")
    name = ".".join(str(key) for key in keys) or "configuration"
    if item["type"] == "extra_forbidden":
        return f"{where}: unknown key {name}; `emotion-monitor config show` lists all keys"
    message = item["msg"].removeprefix("Value error, ")
    return f"{where}: {name}: {message[0].lower()}{message[1:]}"
