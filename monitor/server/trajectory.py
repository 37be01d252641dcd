"""`/api/v1/calls/{call}/trajectory`: the way of a leg through the space of its embeddings, for the page of a call."""

import threading
from collections import OrderedDict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import HTTPConnection

from monitor.analysis.way import way_of
from monitor.datasets.table import chosen_legs
from monitor.events import Leg
from monitor.server.context import ERRORS, CallId, MonitorOf
from monitor.store.base import StoredCall

KEPT = 32
"""Ways that are kept: of 2000 points some 100 kB."""

router = APIRouter(prefix="/api/v1/calls/{call}", tags=["recordings"], responses=ERRORS)


class Ways:
    """Those that were asked for last. One is computed at a time: it takes a core for as long."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], dict[str, Any]] = OrderedDict()

    def forget(self, call: str) -> None:
        """Drop an erased call."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == call]:
                del self._kept[key]

    def of(self, stored: StoredCall, leg: Leg, rate: int) -> dict[str, Any]:
        """The way of a leg as far as it is committed."""
        key = (stored.record.id, stored.record.started_at, leg, rate, stored.committed(leg))
        with self._lock:
            if key not in self._kept:
                self._kept[key] = way_of(stored, leg, rate).as_dict()
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]


def _ways(connection: HTTPConnection) -> Ways:
    ways: Ways = connection.app.state.ways
    return ways


WaysOf = Annotated[Ways, Depends(_ways)]


@router.get("/trajectory", summary="The way of a leg through the space of its embeddings")
def get_trajectory(
    call: CallId,
    monitor: MonitorOf,
    ways: WaysOf,
    leg: Annotated[Leg, Query()],
    rate: Annotated[Literal["10", "5", "2", "1"], Query(description="Points a second of speech, at most.")] = "2",
) -> dict[str, Any]:
    """A point for each stretch in which the leg speaks for half of the time: `x` and `y` on the two principal components of
    all, `time` at which it begins, `emotion` that the engine says of it. `shares` of the variance lie on the axes.

    At most 2000 points: of a longer call they are further apart, and `rate` says how far. Lists are empty where there is no
    speech, or the leg may not be analysed. Axes are those of this call alone.
    """
    stored = monitor.store.open(call)
    chosen_legs(stored, leg)
    return {"call": call, "leg": leg, **ways.of(stored, leg, int(rate))}
