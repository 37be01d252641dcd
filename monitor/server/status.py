"""`/api/v1/status` and `/api/v1/config`: for operators."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from monitor import __version__
from monitor.config.secrets import masked
from monitor.server.context import ERRORS, HubOf, MonitorOf, SettingsOf
from monitor.server.identity import needs

router = APIRouter(prefix="/api/v1", tags=["operation"], responses=ERRORS)


@router.get("/status", summary="Load, engine, clients")
def get_status(monitor: MonitorOf, hub: HubOf) -> dict[str, Any]:
    """The gauges of the whole program at this moment."""
    websocket = {
        "clients": len(hub.clients),
        "sent": hub.counts.sent,
        "lagged": hub.counts.lagged,
        "dropped": hub.counts.dropped,
    }
    return {"version": __version__, **asdict(monitor.status()), "websocket": websocket}


@router.get("/config", summary="The settings in force", dependencies=[needs("configure")])
def get_config(settings: SettingsOf) -> dict[str, Any]:
    """Every setting as it is in force; secrets are masked."""
    return dict(masked(settings.model_dump(mode="json")))
