"""Relative paths in a configuration file are relative to that file: a service starts in whatever folder its starter likes."""

from pathlib import Path
from typing import Any

from monitor.config.keys import PATH_LISTS, named_tokens, path_keys, section_of

_HERE = ("./", "../")


def resolve(data: dict[str, Any], folder: Path) -> None:
    """Make the relative paths of a file's data relative to its folder.

    What need not be a path is one where it is written as such: a word alone in `alerts.rules` is the name of rules that ship,
    `engine.model` may be a hub's id, and text of a source's or store's options is one where it is called `path` or begins with
    `./`.
    """
    for keys in path_keys(data):
        _replace(section_of(data, keys), keys[-1], folder)
    for keys in PATH_LISTS:
        section = section_of(data, keys)
        if isinstance(section.get(keys[-1]), list):
            section[keys[-1]] = [_rules(item, folder) for item in section[keys[-1]]]
    _replace(section_of(data, ("engine", "model")), "model", folder, only=_HERE)
    for entry in named_tokens(data):
        _replace(entry, "token_file", folder)
    sources = data.get("sources")
    for part in [data.get("store"), *(sources if isinstance(sources, list) else ())]:
        options = section_of(part, ("options", ""))
        for name in options:
            _replace(options, name, folder, only=("",) if name == "path" else _HERE)


def _replace(section: dict[str, Any], key: str, folder: Path, only: tuple[str, ...] = ("",)) -> None:
    text = section.get(key)
    if isinstance(text, str) and text.startswith(only):
        section[key] = str(folder / text)


def _rules(item: Any, folder: Path) -> Any:
    if not isinstance(item, str) or (Path(item).name == item and not Path(item).suffix):
        return item
    return folder / item
