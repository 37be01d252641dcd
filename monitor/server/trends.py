"""`/api/v1/trends`: what each live call was like before somebody looked, for a wallboard that has just been opened."""

from typing import Any

from fastapi import APIRouter

from monitor.pipeline.live import TREND_STEP
from monitor.server.context import ERRORS, MonitorOf

router = APIRouter(prefix="/api/v1", tags=["operation"], responses=ERRORS)


@router.get("/trends", summary="The last three minutes of each live call")
def get_trends(monitor: MonitorOf) -> dict[str, Any]:
    """A sample every `step` seconds, newest last: the emotion shown, valence, and whether the leg spoke.

    Legs whose emotion may not be inferred are left out. From then on the board says the same once a second.
    """
    return {"step": TREND_STEP, "calls": monitor.trends()}
