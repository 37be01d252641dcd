"""YAML of the configuration: its data, and where each key stands. Secrets in it are text, and no message shows one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from monitor.config.keys import Keys, secret_keys
from monitor.errors import ConfigError

Path_ = tuple[str | int, ...]
_NULL, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:str"
_WORDS = re.compile(r" '[^'<]{2}[^']*'")
"""What a message of the YAML parser quotes of the text, but for single characters and names of its own."""


def parse(text: str, where: Callable[[int], str], above: Path_ = ()) -> tuple[Any, dict[Path_, str], list[str]]:
    """Data of a YAML text, the place of each key in it, and what is wrong with keys though the text can be read.

    `where` names a line (counted from 0); `above` are the keys under which the text stands. Raises `ConfigError`.
    """
    faults: list[str] = []
    origin: dict[Path_, str] = {}
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None, origin, faults
        known = _outline(node)
        for key in reversed(above):
            known = {key: known}
        _note(node, above, where, _Notes(origin, faults, secret_keys(known)))
        return loader.construct_document(node), origin, faults
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "a value cannot be read"
        problem = _WORDS.sub("", str(said))
        raise ConfigError(f"{where(mark.line if mark else 0)}: not valid YAML: {problem}") from None


@dataclass(frozen=True)
class _Notes:
    """What is found out about a document."""

    origin: dict[Path_, str]
    faults: list[str]
    secrets: frozenset[Keys]


def _outline(node: yaml.Node) -> Any:
    """The mappings of a document and the text in them: which keys are secrets may depend on it."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _outline(value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    return node.value if isinstance(node, yaml.ScalarNode) else None


def _note(node: yaml.Node, keys: Path_, where: Callable[[int], str], notes: _Notes) -> None:
    if keys in notes.secrets:
        _take_as_text(node, keys, where)
    elif isinstance(node, yaml.MappingNode):
        seen: set[Any] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "a key that is no word"
            if name in seen:
                notes.faults.append(f"{where(key.start_mark.line)}: {name} is given twice")
            seen.add(name)
            notes.origin[(*keys, name)] = where(key.start_mark.line)
            _note(value, (*keys, name), where, notes)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            notes.origin[(*keys, index)] = where(value.start_mark.line)
            _note(value, (*keys, index), where, notes)


def _take_as_text(node: yaml.Node, keys: Path_, where: Callable[[int], str]) -> None:
    """Have a secret read as it is written: digits stay digits. `&x` and `!x` would be read as an anchor and a tag."""
    begin = node.start_mark.buffer[node.start_mark.pointer] if node.start_mark.buffer else ""
    if not isinstance(node, yaml.ScalarNode) or begin in ("&", "!"):
        name = ".".join(map(str, keys))
        raise ConfigError(f"{where(node.start_mark.line)}: {name} is text: put quotes around it")
    if node.tag != _NULL:
        node.tag = _TEXT
