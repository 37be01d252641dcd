"""The emotions that rules may name, and what is said of one that there is not."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from monitor.affect.dimensions import PLACES
from monitor.events import ABSTAIN
from monitor.yaml_document import Document, Keys

SHIPPED = (*PLACES, "other")
"""What the engines that ship name, and those published for them. Rules may name all of these whichever engine is in use: one
that it does not have is never met."""


def unknown_emotions(document: Document, labels: Sequence[str]) -> list[str]:
    """A mistake for each emotion of a rule file that neither the engines that ship nor `labels` name, with its line.

    Looks at the data as it stands, so that it finds them in rules that are wrong otherwise too.
    """
    known = sorted({*SHIPPED, *labels, ABSTAIN})
    return [
        f"{document.where(keys)}: no engine names the emotion {name!r}; {_instead(name, known)}"
        for keys, name in _named(document.data, ())
        if name not in known
    ]


def _instead(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name.lower(), known, n=2)
    return f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(known)}"


def _named(data: Any, keys: Keys) -> Iterator[tuple[Keys, str]]:
    """The labels in all conditions of a document, and where they stand."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _named(item, (*keys, index))
    elif isinstance(data, dict):
        for key, value in data.items():
            if (keys[-1:], key) in ((("emotion",), "is"), (("change_point",), "from"), (("change_point",), "to")):
                yield from _labels(value, (*keys, key))
            else:
                yield from _named(value, (*keys, key))


def _labels(value: Any, keys: Keys) -> Iterator[tuple[Keys, str]]:
    for index, label in enumerate(value if isinstance(value, list) else [value]):
        if isinstance(label, str):
            yield (*keys, index), label
