"""The board: all live calls in one passing message, once a second, as long as somebody asks for it.

However many clients ask, it is made once, in a thread that keeps neither the event loop nor a call waiting.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from monitor.messages import BoardMessage, board_message
from monitor.pipeline.inference_status import InferenceStatus
from monitor.pipeline.monitor import Monitor
from monitor.server.hub import Hub

log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds."""
SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class Look:
    """The inference worker at a moment: what has happened since is a difference of two."""

    at: float
    """Seconds of a steady clock."""
    status: InferenceStatus


class Board:
    """Makes the boards of one service."""

    def __init__(self, monitor: Monitor, hub: Hub) -> None:
        self._monitor, self._hub = monitor, hub

    async def keep(self) -> None:
        """Make boards as long as somebody asks; until cancelled."""
        while True:
            await self._hub.board_wanted.wait()
            before = self.look()
            while self._hub.board_wanted.is_set():
                await asyncio.sleep(EVERY)
                try:
                    board, before = await asyncio.to_thread(self.make, before)
                except Exception:  # a defect costs one board
                    log.exception("board_not_made")
                else:
                    self._hub.publish(board)

    def look(self) -> Look:
        """At the worker now."""
        return Look(time.monotonic(), self._monitor.inference_status())

    def make(self, before: Look) -> tuple[BoardMessage, Look]:
        """The board of this moment, and the look that it was made of; its frame is made, too."""
        now, alerts = self.look(), self._monitor.alert_counts()
        calls = self._monitor.calls()
        board = board_message(
            {
                "type": "board",
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "calls": {
                    call.id: {**call.board(), "alerts": {kind: alerts.get(call.id, {}).get(kind, 0) for kind in SEVERITIES}}
                    for call in calls
                },
                "load": {
                    "calls": len(calls),
                    "max_calls": self._monitor.settings.server.max_calls,
                    "legs": sum(len(call.legs) for call in calls),
                    **self._load(before, now),
                },
            }
        )
        _ = board.websocket_frame
        return board, now

    def _load(self, before: Look, now: Look) -> dict[str, Any]:
        busy = (now.status.busy_seconds - before.status.busy_seconds) / max(now.at - before.at, 1e-3)
        return {
            "queued": now.status.queued,
            "busy": round(min(busy, 1.0), 3),
            "hop_factor": now.status.hop_factor,
            "latency": round(now.status.latency_p95, 3),
            "latency_aimed_for": self._monitor.settings.engine.latency,
            "overload": now.status.late > before.status.late or now.status.given_up > before.status.given_up,
        }
