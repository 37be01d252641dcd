"""`/health/live` and `/health/ready`: for whatever restarts the program or sends calls to it. They need no token."""

from typing import Any

from fastapi import APIRouter, Response

from monitor.server.context import HubOf, MonitorOf

router = APIRouter(prefix="/health", tags=["operation"])


@router.get("/live", summary="Is the program alive?")
def live() -> dict[str, str]:
    """Answers as long as the program runs."""
    return {"status": "alive"}


@router.get("/ready", summary="Does the program take calls?", responses={503: {"description": "Not now; `checks` says why."}})
def ready(monitor: MonitorOf, hub: HubOf, response: Response) -> dict[str, Any]:
    """200 where calls can be started, else 503. No check names a path or a call: anybody may ask."""
    status = monitor.status()
    stopping = hub.stopping or status.closing
    checks = {
        "engine": not status.inference.failing,
        "store": monitor.store.takes_calls(),
        "journal": monitor.journal.takes_events(),
        "descriptors": status.descriptors.calls > 0,
        "accepting": not stopping,
    }
    well = all(checks.values())
    response.status_code = 200 if well else 503
    return {"status": "ready" if well else "not ready", "checks": checks}
