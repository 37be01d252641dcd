"""A recorded event as clients are told it: what is kept of it for all of them."""

from dataclasses import dataclass

from monitor.messages import AboutACall, RecordedMessage

_BESIDE_THE_FRAME = 200
"""Bytes of the rest of a `Told`, about."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the journal, ready to be sent. As a typed message it would take six times the memory."""

    seq: int
    type: str
    call: str | None
    """None: it is about no call, as in the place of an erased event."""
    websocket_frame: bytes

    @classmethod
    def of(cls, message: RecordedMessage) -> "Told":
        """A message, encoded."""
        call = message.call if isinstance(message, AboutACall) else None
        return cls(message.seq, message.type, call, message.websocket_frame)

    def size(self) -> int:
        """Bytes in memory."""
        return len(self.websocket_frame) + _BESIDE_THE_FRAME
