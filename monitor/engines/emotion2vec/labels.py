"""Class names of an emotion2vec model, from its `tokens.txt`."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.events import ABSTAIN

UNKNOWN_TOKEN = "<unk>"


@dataclass(frozen=True, slots=True)
class Labels:
    """Which outputs of the head are kept, and what they are called.

    Scores stay those of FunASR's `generate()`: it leaves `unuse*` classes out of its softmax and keeps `<unk>` in, and so do
    we; the softmax of the kept logits is its scores, number for number. `<unk>` is the model saying that it does not know: it
    is called `unknown`, this program's word for that.
    """

    names: tuple[str, ...]
    """English, lower case."""
    columns: tuple[int, ...]
    """Their columns in the head's output."""


def read_labels(tokens: Sequence[str]) -> Labels:
    """Labels of a model whose head has one output for each of `tokens`.

    Bilingual names give their English half. Raises `ValueError` where no class is left or two have the same name.

    >>> read_labels(["生气/angry", "unuse_0", "<unk>"])
    Labels(names=('angry', 'unknown'), columns=(0, 2))
    """
    columns = tuple(index for index, token in enumerate(tokens) if not token.startswith("unuse"))
    names = tuple(english(tokens[index]) for index in columns)
    if not set(names) - {ABSTAIN}:
        raise ValueError("it names no emotion")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        raise ValueError(f"it names {twice[0]!r} twice" if twice else "it has an empty name")
    return Labels(names, columns)


def english(token: str) -> str:
    """The English name of a class.

    >>> english("生气/angry"), english("Sad/难过"), english("<unk>"), english("calm")
    ('angry', 'sad', 'unknown', 'calm')
    """
    if token == UNKNOWN_TOKEN:
        return ABSTAIN
    halves = [half.strip() for half in token.split("/")]
    return next((half for half in halves if half.isascii()), halves[-1]).lower()
