"""YAML that a person wrote, settings or rules: its data, and where in the file each key stands.

What exhausts a machine is refused: aliases, of which a few expand to more than memory holds, and deep nesting. No message
quotes a value of the text: it may be a secret.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from monitor.errors import ConfigError

Keys = tuple[str | int, ...]
"""Path to a value: keys of mappings, indices of lists."""

MAX_CHARACTERS = 1_000_000
"""A file longer than this is a mistake."""
MAX_DEPTH = 40
"""Nesting beyond this is a mistake, and would exhaust the stack."""
_WORDS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:int")
_QUOTED = re.compile(r" '[^'<]{2}[^']*'")
"""What a message of the YAML parser quotes of the text, but for single characters and names of its own."""


@dataclass(frozen=True, slots=True)
class Document:
    """Data of a YAML file and where in the file each value stands."""

    name: str
    """File name, or what else the data came from."""
    data: Any
    places: Mapping[Keys, str] = field(default_factory=dict)
    """`file:line` of each value; empty where the data did not come from a file."""
    mistakes: tuple[str, ...] = ()
    """What is wrong with its keys: given twice, or no words. Told together with what is wrong with the rest."""

    def where(self, keys: Keys) -> str:
        """The place of a value, or of the nearest one around it."""
        return next((self.places[keys[:n]] for n in range(len(keys), -1, -1) if keys[:n] in self.places), self.name)


def read_text(path: Path, what: str) -> str:
    """The text of a file; `what` it is, for a message. Raises `ConfigError` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such {what}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None


def parse(
    text: str,
    name: str,
    *,
    lines: bool = True,
    above: Keys = (),
    prepare: Callable[[yaml.Node, Callable[[yaml.Node], str]], None] | None = None,
) -> Document:
    """YAML text as data with places; `name` is put before the line in messages, or stands alone without `lines`.

    `above` are the keys under which the text stands. `prepare` may change nodes before they become data; it is given the place
    of a node. Raises `ConfigError`.

    >>> parse("a:\\n  b: 1\\n", "x.yaml").where(("a", "b"))
    'x.yaml:2'
    """

    def place(line: int) -> str:
        return f"{name}:{line + 1}" if lines else name

    if len(text) > MAX_CHARACTERS:
        raise ConfigError(f"{name}: too long: {len(text)} characters, at most {MAX_CHARACTERS}")
    places: dict[Keys, str] = {}
    mistakes: list[str] = []
    try:
        loader = _GuardedLoader(text, place)
        node = loader.get_single_node()
        if node is None:
            return Document(name, None)
        if prepare is not None:
            prepare(node, lambda one: place(one.start_mark.line))
        _note(node, above, place, places, mistakes)
        return Document(name, loader.construct_document(node), places, tuple(mistakes))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "a value cannot be read"
        raise ConfigError(f"{place(mark.line if mark else 0)}: not valid YAML: {_QUOTED.sub('', str(said))}") from None


class _GuardedLoader(yaml.SafeLoader):
    """Refuses what exhausts a machine as soon as it is met."""

    def __init__(self, text: str, place: Callable[[int], str]) -> None:
        super().__init__(text)
        self._place = place
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """See `yaml.composer.Composer`."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        where = self._place(event.start_mark.line if event.start_mark else 0)
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(
                f"{where}: YAML aliases (*name) are not allowed; write the value out, "
                "or put quotes around a text that begins with *"
            )
        if self._depth > MAX_DEPTH:
            raise ConfigError(f"{where}: nested more than {MAX_DEPTH} deep")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _note(node: yaml.Node, keys: Keys, place: Callable[[int], str], places: dict[Keys, str], mistakes: list[str]) -> None:
    places.setdefault(keys, place(node.start_mark.line))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            where = place(key.start_mark.line)
            if key.tag not in _WORDS:
                mistakes.append(f"{where}: a key must be a plain word, found {_shown(key)}")
                continue
            if key.value in seen:
                mistakes.append(f"{where}: {key.value} is given twice")
            seen.add(key.value)
            places[(*keys, key.value)] = where
            _note(value, (*keys, key.value), place, places, mistakes)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note(value, (*keys, index), place, places, mistakes)


def _shown(node: yaml.Node) -> str:
    return repr(node.value) if isinstance(node, yaml.ScalarNode) else "a list or mapping"
