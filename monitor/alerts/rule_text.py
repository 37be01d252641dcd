"""The text of rules as a person edits it: of the files in force as one, and what is wrong with it, line by line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

import yaml

from monitor.alerts.rules import load_rules, named_files, parse_rules, rule_file
from monitor.errors import ConfigError
from monitor.yaml_document import parse, read_text

NAME = "rules"
"""What a text is called in place of a file's name."""
_PLACE = re.compile(rf"{NAME}(?::(\d+))?: ")
_ABOUT = re.compile(r"rule ([a-z0-9][a-z0-9_-]*)[: ]")
_HEAD = re.compile(r"^rules:[ \t]*(#.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a text."""

    line: int | None
    """From 1; None where it is about the whole."""
    column: int | None
    """Where the line's content begins, from 1."""
    message: str


def configured_text(paths: Sequence[Path] | None) -> str:
    """The rules of some files (`load_rules`) as one text: of one file as it stands; of several with their comments.

    Raises `ConfigError` where one cannot be read, or is wrong.
    """
    rules = load_rules(paths)
    files = [rule_file(path) for path in named_files(paths)]
    texts = [read_text(file, "rule file") for file in files]
    if len(texts) == 1:
        return texts[0]
    joined = "rules:\n" + "\n".join(f"  # {file.name}\n{_items(text)}" for file, text in zip(files, texts, strict=True))
    try:
        if parse_rules(joined, NAME) == rules:
            return joined
    except ConfigError:
        pass  # a file of another layout, such as a list in brackets
    return yaml.safe_dump({"rules": rules.document()}, sort_keys=False, allow_unicode=True, width=120)


def mistakes_in(text: str, error: ConfigError) -> list[Mistake]:
    """What an error says of a text that was read under `NAME`, a line of it each.

    >>> mistakes_in("rules:\\n  - name: a\\n", ConfigError("rules:2: rule a: severity: field required"))
    [Mistake(line=2, column=3, message='rule a: severity: field required')]
    """
    return [_mistake(text, said) for said in str(error).splitlines()]


def _mistake(text: str, said: str) -> Mistake:
    place = _PLACE.match(said)
    message = said[place.end() :] if place else said
    line = int(place[1] or 1) if place else _line_of_rule(text, message)
    if line is None:
        return Mistake(None, None, message)
    lines = text.splitlines()
    content = lines[line - 1] if line <= len(lines) else ""
    return Mistake(line, len(content) - len(content.lstrip()) + 1, message)


def _line_of_rule(text: str, message: str) -> int | None:
    """Where the rule stands that a message without a place is about."""
    about = _ABOUT.match(message)
    if about is None:
        return None
    document = parse(text, NAME)
    for index, rule in enumerate(document.data["rules"]):
        if rule.get("name") == about[1]:
            return int(document.where(("rules", index, "name")).removeprefix(f"{NAME}:"))
    return None


def _items(text: str) -> str:
    """What stands under `rules:` in a file, with what stands before it, two deep."""
    before, _, after = _HEAD.split(text, maxsplit=1) if _HEAD.search(text) else ("", "", text)
    return indent(before, "  ") + indent(dedent(after.lstrip("\n")), "  ")
