"""What all messages have in common: read to the letter, written once for all who are told."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, PrivateAttr

Label = str
"""Of an engine, or of a head."""


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(use_attribute_docstrings=True, defer_build=True)

    type: str

    _read: Mapping[str, Any] | None = PrivateAttr(default=None)
    _text: str | None = PrivateAttr(default=None)

    def as_message(self) -> dict[str, Any]:
        """JSON-ready data: what was read, to the letter, or else what was given."""
        return dict(self._read) if self._read is not None else self.model_dump(by_alias=True, exclude_unset=True)

    def as_text(self) -> str:
        """The message as it goes over the wire, made once for all who are told."""
        if self._text is None:
            self._text = self._encoded()
        return self._text

    @cached_property
    def websocket_frame(self) -> bytes:
        """The message as a server sends it, made once for all who are told: a server masks nothing (RFC 6455, section 5.1)."""
        from websockets.frames import Frame, Opcode

        return Frame(Opcode.TEXT, self.as_text().encode()).serialize(mask=False)

    def _encoded(self) -> str:
        return encode(self.as_message())


def encode(message: Any) -> str:
    """A message as JSON; numbers that JSON does not have become null.

    >>> encode({"valence": [0.5, float("nan")]})
    '{"valence":[0.5,null]}'
    """
    try:
        return json.dumps(message, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return encode(json.loads(json.dumps(message), parse_constant=lambda _: None))


_M = TypeVar("_M", bound=Message)


def read(model: type[_M], document: Mapping[str, Any]) -> _M:
    """A message from JSON-ready data, which it is to the letter. It is not validated: this program wrote it."""
    message = model.model_construct(**document)
    message._read = document
    return message


def by_type(*models: type[_M]) -> Mapping[str, type[_M]]:
    """Models by what their `type` may be."""
    return {kind: model for model in models for kind in get_args(model.model_fields["type"].annotation)}


def may_be_absent(schema: dict[str, Any]) -> None:
    """Says of a field's schema that no default stands for it."""
    schema.pop("default", None)
