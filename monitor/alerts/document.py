"""YAML with the line of every key, so that a mistake in a rule file can be pointed at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from monitor.errors import ConfigError

Keys = tuple[str | int, ...]
"""Path to a value: keys of mappings, indices of lists."""

MAX_CHARACTERS = 1_000_000
"""A rule file longer than this is a mistake."""
MAX_DEPTH = 40
"""Nesting beyond this is a mistake, and would exhaust the stack."""


@dataclass(frozen=True, slots=True)
class Document:
    """Data of a YAML file and where in the file each value stands."""

    name: str
    """File name, or what else the data came from."""
    data: Any
    lines: Mapping[Keys, int] = field(default_factory=dict)
    """1-based; empty where the data did not come from a file."""
    mistakes: tuple[str, ...] = ()
    """What is wrong with its keys: given twice, or no words. Told together with what is wrong with the rest."""

    def where(self, keys: Keys) -> str:
        """`file:line` of a value, or of the nearest one around it."""
        for length in range(len(keys), -1, -1):
            if keys[:length] in self.lines:
                return f"{self.name}:{self.lines[keys[:length]]}"
        return self.name


def read_document(path: Path) -> Document:
    """The YAML file at `path`. Raises `ConfigError` where it cannot be read or is not plain YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such rule file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return parse_document(text, str(path))


def parse_document(text: str, name: str) -> Document:
    """YAML text as data with lines. `name` is put before the line in messages.

    >>> parse_document("a:\\n  b: 1\\n", "x.yaml").where(("a", "b"))
    'x.yaml:2'
    """
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(f"{name}: too long for a rule file: {len(text)} characters, at most {MAX_CHARACTERS}")
    try:
        node = yaml.compose(_without_aliases(text, name), Loader=yaml.SafeLoader)
        lines: dict[Keys, int] = {}
        mistakes: list[str] = []
        if node is not None:
            _note(node, (), name, lines, mistakes)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        raise ConfigError(f"{where}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from None
    return Document(name, data, lines, tuple(mistakes))


def _without_aliases(text: str, name: str) -> str:
    """The text, if it has no `*alias`: a few of them expand to more than memory holds, and rules need none."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{name}:{line}: YAML aliases (*{event.anchor}) are not allowed in rules; write the value out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigError(f"{name}:{line}: nested more than {MAX_DEPTH} deep")
    return text


def _note(node: yaml.Node, keys: Keys, name: str, lines: dict[Keys, int], mistakes: list[str]) -> None:
    lines.setdefault(keys, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag != "tag:yaml.org,2002:str":
                mistakes.append(f"{name}:{line}: a key must be a plain word, found {_shown(key)}")
                continue
            if key.value in seen:
                mistakes.append(f"{name}:{line}: {key.value} is given twice")
            seen.add(key.value)
            lines[(*keys, key.value)] = line
            _note(value, (*keys, key.value), name, lines, mistakes)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note(value, (*keys, index), name, lines, mistakes)


def _shown(node: yaml.Node) -> str:
    return repr(node.value) if isinstance(node, yaml.ScalarNode) else "a list or mapping"
