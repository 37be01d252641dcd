"""`/api/v1/alerts`: what is raised and not cleared, and what people do about alerts. Each deed answers with its event."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from monitor.server.acting import Acting
from monitor.server.audit import audit
from monitor.server.context import ERRORS, MonitorOf
from monitor.server.identity import NAME_LENGTH

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], responses=ERRORS)

MAX_TEXT = 2_000
"""Characters of a note or a reason."""
LONGEST_SNOOZE = 86_400
"""Seconds."""


class Deed(BaseModel):
    """Base of what is done about an alert."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    by: str | None = Field(default=None, min_length=1, max_length=NAME_LENGTH)
    """A name or an id of the person; whoever is signed in by name has that one."""


class Acknowledgement(Deed):
    """Somebody takes note of an alert."""

    note: str = Field(default="", max_length=MAX_TEXT)


class Assignment(Deed):
    """Somebody gives an alert to somebody."""

    to: str = Field(max_length=NAME_LENGTH)
    """Empty: to nobody any more."""


class Snooze(Deed):
    """Somebody wants to hear no more of an alert for a while."""

    seconds: float = Field(ge=0, le=LONGEST_SNOOZE, allow_inf_nan=False)
    """0 ends it."""
    reason: str = Field(default="", max_length=MAX_TEXT)


class Judgement(Deed):
    """Somebody says whether an alert was right."""

    right: bool
    reason: str = Field(default="", max_length=MAX_TEXT)


@router.get("", summary="Open alerts", description="Alerts that are raised and not cleared, oldest first.")
def list_alerts(monitor: MonitorOf) -> dict[str, Any]:
    """Open alerts, each with what people did about it."""
    return {"alerts": monitor.alerts()}


@router.post("/{alert}/acknowledge", summary="Take note of an alert")
def acknowledge(alert: str, body: Acknowledgement, monitor: MonitorOf, who: Acting) -> dict[str, Any]:
    """Record that a person has seen an open alert. The same note a second time is answered by the first event."""
    return monitor.handling.acknowledge(alert, who.person(body.by), body.note)


@router.post("/{alert}/assign", summary="Give an alert to somebody")
def assign(alert: str, body: Assignment, monitor: MonitorOf, who: Acting) -> dict[str, Any]:
    """Record whose an open alert is."""
    return monitor.handling.assign(alert, who.person(body.by), body.to)


@router.post("/{alert}/snooze", summary="Have an alert rest for a while")
def snooze(alert: str, body: Snooze, monitor: MonitorOf, who: Acting) -> dict[str, Any]:
    """Record until when an open alert is to rest. It stays open; whoever shows alerts keeps quiet about it."""
    return monitor.handling.snooze(alert, who.person(body.by), body.seconds, body.reason)


@router.post("/{alert}/judge", summary="Say whether an alert was right")
def judge(alert: str, body: Judgement, monitor: MonitorOf, who: Acting, request: Request) -> dict[str, Any]:
    """Record it, of an alert that is open, cleared, or of a call that is over. The last word of each person counts."""
    event = monitor.handling.judge(alert, who.person(body.by), body.right, body.reason)
    audit(request, "judge", alert=alert, right=body.right)
    return event
