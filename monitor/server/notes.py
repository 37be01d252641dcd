"""`/api/v1/calls/{call}/notes`: what people write about moments of a call. To change one is to erase it and write another."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.status import HTTP_201_CREATED

from monitor.events import Leg
from monitor.server.acting import Acting
from monitor.server.alerts import MAX_TEXT
from monitor.server.context import ERRORS, CallId, MonitorOf
from monitor.server.identity import NAME_LENGTH

router = APIRouter(prefix="/api/v1/calls/{call}/notes", tags=["notes"], responses=ERRORS)

LONGEST_CALL = 1e6
"""Seconds."""


class NoteRequest(BaseModel):
    """A note on a moment, or on a stretch."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    time: float = Field(ge=0, le=LONGEST_CALL, allow_inf_nan=False)
    """Seconds from the start of the call."""
    end: float | None = Field(default=None, ge=0, le=LONGEST_CALL, allow_inf_nan=False)
    """Where the stretch ends; default: it is about a moment."""
    leg: Leg | None = None
    """Whom it is about; default: the whole call."""
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    label: str = Field(default="", pattern=r"^([a-z][a-z0-9_ -]{0,39})?$")
    """What the stretch is, for `heads train --judged`; of a moment, what the three seconds around it are."""
    by: str | None = Field(default=None, min_length=1, max_length=NAME_LENGTH)
    """Who writes; whoever is signed in by name has that one."""


@router.get("", summary="Notes on a call")
def list_notes(call: CallId, monitor: MonitorOf) -> dict[str, Any]:
    """The notes that stand, in the order in which they were written."""
    return {"call": call, "notes": monitor.handling.notes(call)}


@router.post("", summary="Write a note", status_code=HTTP_201_CREATED)
def write_note(call: CallId, body: NoteRequest, monitor: MonitorOf, who: Acting) -> dict[str, Any]:
    """Keep a note with the call, live or over; it is erased with it. Answers with its event, whose `id` is the note's."""
    by = who.person(body.by)
    return monitor.handling.write_note(call, by, body.text, body.time, leg=body.leg, end=body.end, label=body.label)


@router.delete("/{note}", summary="Erase a note")
def erase_note(
    call: CallId,
    note: Annotated[str, Path(max_length=64)],
    monitor: MonitorOf,
    who: Acting,
    by: Annotated[
        str, Query(min_length=1, max_length=NAME_LENGTH, description="Who erases it, if not signed in.")
    ] = "somebody",
) -> dict[str, Any]:
    """Take a note back. Answers with the event; the journal keeps the words until the call is erased."""
    return monitor.handling.erase_note(call, note, who.person(by))
