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
    """200 where calls can be started, else 503. No check names a path or a call: anybody may ask.

    `rounds_stopped` names the processes in which a defect has stopped the hearing of calls.
    """
    status = monitor.status()
    stopping = hub.stopping or status.closing
    checks = {
        "engine": not status.inference.failing,
        "store": monitor.store.takes_calls(),
        "journal": monitor.journal.takes_events(),
        "descriptors": status.room,
        "rounds": not status.rounds_stopped,
        "accepting": not stopping,
    }
    well = all(checks.values())
    response.status_code = 200 if well else 503
    said = {"rounds_stopped": status.rounds_stopped} if status.rounds_stopped else {}
    return {"status": "ready" if well else "not ready", "checks": checks, **said}
