"""What kind each key is: secrets and other text are taken as they are written, paths are those of the file that names them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from monitor.config.sections import DETECTORS, ENGINES, Settings
from monitor.config.sinks import options_model
from monitor.errors import ConfigError

Keys = tuple[str, ...]


def _leaves(section: type[BaseModel], above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _leaves(kind, (*above, name))
        else:
            yield (*above, name), kind


def _of(kinds: tuple[type, ...], leaves: Iterable[tuple[Keys, Any]]) -> frozenset[Keys]:
    """Keys whose value is one of such a kind, or none."""
    return frozenset(keys for keys, kind in leaves if {*(get_args(kind) or (kind,))} - {NoneType} <= {*kinds})


PATH_LISTS = frozenset(keys for keys, kind in _leaves(Settings) if tuple[Path, ...] in get_args(kind))
"""Keys whose value is a list of paths."""


def secret_keys(tree: Any) -> frozenset[Keys]:
    """Keys that nobody is shown. Beside each may stand a key of the same name with `_file`: a file that holds it.

    `tree` is the configuration's data as far as it is known: which options a part has depends on its kind.
    """
    return _of((SecretStr,), _all_leaves(tree))


def text_keys(tree: Any) -> frozenset[Keys]:
    """Keys whose value is text, whatever it looks like as YAML."""
    return _of((str, Path), _all_leaves(tree))


def path_keys(tree: Any) -> frozenset[Keys]:
    """Keys whose value is a path."""
    return _of((Path,), _all_leaves(tree))


def _all_leaves(tree: Any) -> Iterator[tuple[Keys, Any]]:
    yield from _leaves(Settings)
    for section, key, choice in (("engine", "name", ENGINES), ("changes", "detector", DETECTORS)):
        with suppress(ConfigError):  # which the section's own validation tells
            named = _items(_items(tree).get(section)).get(key, getattr(Settings.model_fields[section].default, key))
            yield from _leaves(choice.options(str(named)), (section,))
    for name, section in _items(_items(tree).get("sinks")).items():
        with suppress(ValueError):  # which the section's own validation tells
            yield from _leaves(options_model(str(_items(section).get("kind"))), ("sinks", name, "options"))


def _items(tree: Any) -> dict[str, Any]:
    return tree if isinstance(tree, dict) else {}


def file_key(secret: Keys) -> Keys:
    """The key of the file that holds a secret.

    >>> file_key(("server", "token"))
    ('server', 'token_file')
    """
    return (*secret[:-1], secret[-1] + "_file")


def section_of(tree: Any, keys: Keys) -> dict[str, Any]:
    """The section in which a key stands, or would; an empty one where there is none."""
    for key in keys[:-1]:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def named_tokens(tree: Any) -> list[dict[str, Any]]:
    """The entries of `server.tokens`, as far as they are such."""
    listed = section_of(tree, ("server", "tokens")).get("tokens")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
