"""`/api/v1/status` and `/api/v1/config`: for operators."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from monitor import __version__
from monitor.config.secrets import masked
from monitor.server.context import ERRORS, HubOf, MonitorOf, SettingsOf, SinksOf
from monitor.server.identity import needs
from monitor.server.source_figures import source_figures

router = APIRouter(prefix="/api/v1", tags=["operation"], responses=ERRORS)


@router.get("/status", summary="Load, engine, sources, sinks, clients")
def get_status(monitor: MonitorOf, hub: HubOf, settings: SettingsOf, sinks: SinksOf) -> dict[str, Any]:
    """The gauges of the whole program at this moment."""
    websocket = {
        "clients": len(hub.clients),
        "sent": hub.counts.sent,
        "lagged": hub.counts.lagged,
        "dropped": hub.counts.dropped,
    }
    return {
        "version": __version__,
        **asdict(monitor.status()),
        "limits": {"calls": settings.server.max_calls, "latency": settings.engine.latency},
        "sources": source_figures(monitor),
        "sinks": [{"name": one.name, "lag": one.lag, **asdict(one.counts)} for one in (sinks.followers if sinks else ())],
        "websocket": websocket,
    }


@router.get("/config", summary="The settings in force", dependencies=[needs("configure")])
def get_config(settings: SettingsOf) -> dict[str, Any]:
    """Every setting as it is in force; secrets are masked."""
    return dict(masked(settings.model_dump(mode="json")))
