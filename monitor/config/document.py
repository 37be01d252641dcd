"""YAML of the configuration. Secrets in it are text, however they are written."""

from collections.abc import Callable
from typing import Any

import yaml

from monitor.config.keys import secret_keys
from monitor.errors import ConfigError
from monitor.yaml_document import Document, Keys
from monitor.yaml_document import parse as parse_yaml

_NULL, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:str"


def parse(text: str, name: str, *, lines: bool = True, above: Keys = ()) -> Document:
    """As `yaml_document.parse`; what is secret stays text."""

    def take_secrets_as_text(root: yaml.Node, where: Callable[[yaml.Node], str]) -> None:
        known = _outline(root)
        for key in reversed(above):
            known = {key: known}
        for keys in secret_keys(known):
            for node in _at(root, keys[len(above) :]) if keys[: len(above)] == above else ():
                _take_as_text(node, ".".join(keys), where(node))

    return parse_yaml(text, name, lines=lines, above=above, prepare=take_secrets_as_text)


def _outline(node: yaml.Node) -> Any:
    """The mappings of a document and the text in them: which keys are secrets may depend on it."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _outline(value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    return node.value if isinstance(node, yaml.ScalarNode) else None


def _at(node: yaml.Node, keys: Keys) -> list[yaml.Node]:
    """The values of a path below a node: several where a key is given twice."""
    if not keys:
        return [node]
    below = node.value if isinstance(node, yaml.MappingNode) else ()
    return [found for key, value in below if key.value == keys[0] for found in _at(value, keys[1:])]


def _take_as_text(node: yaml.Node, name: str, where: str) -> None:
    """Have a secret read as it is written: digits stay digits. `&x` and `!x` would be read as an anchor and a tag."""
    begin = node.start_mark.buffer[node.start_mark.pointer] if node.start_mark.buffer else ""
    if not isinstance(node, yaml.ScalarNode) or begin in ("&", "!"):
        raise ConfigError(f"{where}: {name} is text: put quotes around it")
    if node.tag != _NULL:
        node.tag = _TEXT
