"""`/api/v1/alerts`: what is raised and not cleared, and taking note of it."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from monitor.server.context import ERRORS, MonitorOf
from monitor.server.identity import NAME_LENGTH, Acting

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], responses=ERRORS)


class Acknowledgement(BaseModel):
    """Who takes note of an alert."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    by: str | None = Field(default=None, min_length=1, max_length=NAME_LENGTH)
    """A name or an id of the person; whoever is signed in by name has that one."""
    note: str = Field(default="", max_length=2_000)


@router.get("", summary="Open alerts", description="Alerts that are raised and not cleared, oldest first.")
def list_alerts(monitor: MonitorOf) -> dict[str, Any]:
    """Open alerts."""
    return {"alerts": monitor.alerts()}


@router.post("/{alert}/acknowledge", summary="Take note of an alert")
def acknowledge(alert: str, body: Acknowledgement, monitor: MonitorOf, who: Acting) -> dict[str, Any]:
    """Record that a person has seen an open alert; every websocket client hears of it. Answers with that event."""
    return monitor.acknowledge(alert, who.person(body.by), body.note)
