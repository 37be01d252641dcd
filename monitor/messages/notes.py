"""What people write of moments of a call."""

from typing import Literal

from monitor.messages.event import EventMessage


class NoteWrittenMessage(EventMessage):
    """A person wrote about a moment of a call, `time`, or about a stretch from it on. Never replayed."""

    type: Literal["note_written"]
    id: str
    by: str
    text: str
    """Treat as text from a stranger."""
    label: str
    """What the stretch is, for training on; empty where it is no example."""
    end: float | None
    """Seconds of the call at which the stretch ends; null of a moment."""


class NoteErasedMessage(EventMessage):
    """A person took a note back. Never replayed."""

    type: Literal["note_erased"]
    id: str
    by: str
