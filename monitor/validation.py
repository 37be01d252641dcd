"""Says what pydantic found wrong, as one clear line for a person."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import AfterValidator

KEY = "[key]"
"""How pydantic says that it means the key of a mapping, and not what stands under it."""


def sentence(mistake: Mapping[str, Any]) -> str:
    """What is wrong, of one item of `ValidationError.errors()`.

    >>> sentence({"msg": "Value error, leave must not be above enter"})
    'leave must not be above enter'
    >>> sentence({"msg": "Field required"}), sentence({"msg": "JSON input should be a string"})
    ('field required', 'JSON input should be a string')
    """
    message = str(mistake["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:] if message[1:2].islower() else message


def place(mistake: Mapping[str, Any]) -> str:
    """Where it is wrong: `legs.customer.port`; empty where it is about the whole.

    >>> place({"loc": ("sinks", "Desk", "[key]")})
    'sinks.Desk'
    """
    return ".".join(str(key) for key in mistake["loc"] if key != KEY)


def first_sentence(mistakes: Sequence[Mapping[str, Any]], whole: str) -> str:
    """Place and sentence of the first mistake, and how many more there are; `whole` is what it is called as a whole.

    >>> first_sentence([{"loc": ("a", 1), "msg": "Field required"}, {"loc": (), "msg": "x"}], "the file")
    'a.1: field required (and 1 more)'
    """
    first = mistakes[0]
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{place(first) or whole}: {sentence(first)}{more}"


def worded(pattern: str, words: str) -> AfterValidator:
    """A constraint on text: all of it matches `pattern`; where it does not, `words` say what is asked for."""
    wanted = re.compile(pattern)

    def check(text: str) -> str:
        if wanted.fullmatch(text) is None:
            raise ValueError(words)
        return text

    return AfterValidator(check)
