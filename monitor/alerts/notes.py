"""What people wrote about moments of a call: its messages folded into the notes that stand."""

from collections.abc import Iterable
from typing import Any

from monitor.events import Event, NoteErased, NoteWritten
from monitor.messages import Message, NoteErasedMessage, NoteWrittenMessage

NOTE_TYPES = ("note_written", "note_erased")
Note = NoteWritten | NoteWrittenMessage


def notes_of(said: Iterable[Event | Message]) -> dict[str, Note]:
    """The notes that were not erased, by their ids, in the order in which they were written."""
    notes: dict[str, Note] = {}
    for one in said:
        if isinstance(one, NoteWritten | NoteWrittenMessage):
            notes[one.id] = one
        elif isinstance(one, NoteErased | NoteErasedMessage):
            notes.pop(one.id, None)
    return notes


def note_document(note: NoteWrittenMessage) -> dict[str, Any]:
    """A note as the API tells it."""
    keys = ("id", "by", "text", "label", "leg", "time", "end", "recorded_at")
    return {key: getattr(note, key) for key in keys}
