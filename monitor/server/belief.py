"""`/api/v1/calls/{call}/belief`: what was believed of a leg, as the live connection said it."""

import threading
from collections import OrderedDict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import ValidationError
from starlette.requests import HTTPConnection

from monitor.config.sections import StateSection
from monitor.errors import ConfigError, StoreError
from monitor.events import Leg
from monitor.pipeline.believed import Believed
from monitor.server.context import ERRORS, CallId, MonitorOf
from monitor.store.base import StoredCall, no_such_leg
from monitor.timeline import TICK_FRAMES, frame_seconds

KEPT = 32
"""Legs that are kept, so that a page that asks for more of a live call has the next seconds computed and not all."""
RUN = 30_000
"""Frames that are read at once: ten minutes."""

router = APIRouter(prefix="/api/v1/calls/{call}", tags=["recordings"], responses=ERRORS)


class Beliefs:
    """The legs that were asked for last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, str], tuple[threading.Lock, Believed]] = OrderedDict()

    def forget(self, call: str) -> None:
        """Drop an erased call."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == call]:
                del self._kept[key]

    def of(self, stored: StoredCall, leg: Leg, begin: float, end: float | None) -> dict[str, Any]:
        """The series of a leg, once it has taken all that is committed."""
        record = stored.record
        key = (record.id, record.started_at.isoformat(), leg)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (threading.Lock(), Believed(record.labels, record.legs[leg], _state(stored)))
            self._kept.move_to_end(key)
            lock, believed = self._kept[key]
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        committed = stored.committed(leg)
        whole = committed if stored.status != "live" else committed // TICK_FRAMES * TICK_FRAMES
        with lock:
            while believed.frames < whole:
                believed.update(stored.read(leg, believed.frames, min(believed.frames + RUN, whole)))
            return {"call": record.id, "leg": leg, "seconds": frame_seconds(committed), **believed.series(begin, end)}


def _state(stored: StoredCall) -> StateSection:
    """The settings that the call was heard with."""
    try:
        return StateSection.model_validate(stored.record.settings["state"])
    except (KeyError, ValidationError) as error:
        raise StoreError(f"call {stored.record.id}: the settings kept with it cannot be read: {error}") from None


def _beliefs(connection: HTTPConnection) -> Beliefs:
    beliefs: Beliefs = connection.app.state.beliefs
    return beliefs


BeliefsOf = Annotated[Beliefs, Depends(_beliefs)]


@router.get("/belief", summary="What was believed of a leg, ten times a second")
def get_belief(
    call: CallId,
    monitor: MonitorOf,
    beliefs: BeliefsOf,
    leg: Annotated[Leg, Query()],
    begin: Annotated[float, Query(alias="from", ge=0, le=1e6, allow_inf_nan=False, description="Seconds.")] = 0.0,
    end: Annotated[float | None, Query(alias="to", ge=0, le=1e6, allow_inf_nan=False, description="Seconds.")] = None,
) -> dict[str, Any]:
    """Smoothed `posterior`, `valence` and `arousal`, as live `frames` have them: what the leg's state rests on.

    Empty for a leg whose emotion is not inferred. `frames` has the speech, the marks and what was heard in each moment alone.
    """
    stored = monitor.store.open(call)
    if leg not in stored.record.legs:
        raise no_such_leg(call, leg, stored.record.legs)
    if end is not None and end < begin:
        raise ConfigError(f"to ({end:g}) must not be below from ({begin:g})")
    if not stored.record.legs[leg].classes:
        return {
            "call": call, "leg": leg, "seconds": frame_seconds(stored.committed(leg)),
            "time": begin, "rate": 10, "posterior": {}, "valence": [], "arousal": [],
        }  # fmt: skip
    return beliefs.of(stored, leg, begin, end)
