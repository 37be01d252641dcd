"""Colours and signs of pictures, which the colour-blind tell apart too: those of Okabe & Ito (2008), each with its own sign."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """How a group of points is drawn."""

    colour: str
    sign: str
    """A marker of matplotlib."""


UNKNOWN = Look("#b5bcc4", ".")
_EMOTIONS: Mapping[str, Look] = {
    "angry": Look("#d55e00", "^"),
    "disgusted": Look("#009e73", "v"),
    "fearful": Look("#cc79a7", "D"),
    "happy": Look("#e69f00", "s"),
    "neutral": Look("#7f8a96", "o"),
    "sad": Look("#0072b2", "P"),
    "surprised": Look("#56b4e9", "X"),
    "other": Look("#000000", "*"),
}
_GROUPS = tuple(
    Look(colour, sign)
    for colour, sign in zip(
        ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000", "#8a7d2f"), "osD^vPX*", strict=True
    )
)


def look(number: int) -> Look:
    """Of a group by its number; from the ninth on, colours meet other signs."""
    colours = len(_GROUPS)
    return Look(_GROUPS[number % colours].colour, _GROUPS[(number + number // colours) % colours].sign)


def looks(labels: Iterable[str]) -> dict[str, Look]:
    """Of an engine's labels: of the emotions always the same; of labels of its own, in the order of the alphabet, one each."""
    there = sorted(set(labels) - {""})
    own = [label for label in there if label not in _EMOTIONS]
    known = {label: _EMOTIONS[label] for label in _EMOTIONS if label in there}
    return known | {label: look(number) for number, label in enumerate(own)}
