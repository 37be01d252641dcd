"""The weights that come with the program, by the names that `engine.model` takes.

`research` learned from more people, under licences that forbid commercial use. Every source of `open` permits it.
"""

from pathlib import Path

SHIPPED = {name: Path(__file__).with_name(f"{name}.safetensors") for name in ("open", "research")}
"""File of each."""
DEFAULT = "research"
"""Taken where `engine.model` says nothing."""


def named(model: str | None) -> str | None:
    """The name of shipped weights that `engine.model` means; None where it means a file.

    `compact-open` is `open`. A file of such a name is meant by `./open`.
    """
    name = (model or DEFAULT).removeprefix("compact-")
    return name if name in SHIPPED else None


def weights_file(model: str | None) -> Path:
    """The file that `engine.model` means."""
    name = named(model)
    return SHIPPED[name] if name else Path(model or DEFAULT)
