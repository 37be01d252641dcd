"""Replays: stored calls played again to the websocket clients, each message tagged with the replay's id."""

import itertools
import threading
from collections.abc import Mapping
from typing import Any

import structlog

from monitor.errors import ConfigError, MonitorError, NotFoundError
from monitor.messages import message_of
from monitor.replay.player import play
from monitor.server.hub import Hub
from monitor.store.base import Store, StoredCall

log = structlog.get_logger(__name__)

MAX_REPLAYS = 8
"""At the same time: each takes a thread and, at high speed, a core."""


class Replay:
    """One stored call being played, in a thread of its own."""

    def __init__(self, replay_id: str, stored: StoredCall, speed: float, hub: Hub) -> None:
        self.id = replay_id
        self.call = stored.record.id
        self.speed = speed
        self.over = threading.Event()
        self._stored = stored
        self._hub = hub
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"replay-{replay_id}", daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def stop(self) -> None:
        """End soon."""
        self._stopped.set()

    def summary(self) -> dict[str, Any]:
        """A line for operators."""
        return {"replay": self.id, "call": self.call, "speed": self.speed}

    def _run(self) -> None:
        reason = "finished"
        try:
            for _, item in play(self._stored, self.speed):
                if self._stopped.is_set():
                    reason = "stopped"
                    break
                self._say(item.as_message())
        except MonitorError as error:
            reason = f"error: {error}"
        except Exception:
            log.exception("replay_failed", call=self.call)
            reason = "error: a defect in this program; the server's log says more"
        finally:
            self.over.set()
            self._say({"type": "replay_ended", "call": self.call, "reason": reason})

    def _say(self, message: Mapping[str, Any]) -> None:
        self._hub.publish(message_of({**message, "replay": self.id}))


class Replays:
    """The replays in progress. From any thread."""

    def __init__(self, store: Store, hub: Hub) -> None:
        self._store = store
        self._hub = hub
        self._lock = threading.Lock()
        self._replays: dict[str, Replay] = {}
        self._numbers = itertools.count(1)

    def start(self, call: str, speed: float) -> Replay:
        """Play a stored call. Raises `NotFoundError`, `StoreError`, or `ConfigError` where it is live or there are too many."""
        stored = self._store.open(call)
        if stored.status == "live":
            raise ConfigError(f"call {call} is in progress; it can be replayed once it is over")
        with self._lock:
            self._forget_finished()
            if len(self._replays) >= MAX_REPLAYS:
                raise ConfigError(f"{MAX_REPLAYS} replays are in progress, which is the most; stop one first")
            replay = Replay(f"replay-{next(self._numbers)}", stored, speed, self._hub)
            self._replays[replay.id] = replay
        replay.start()
        return replay

    def all(self) -> list[Replay]:
        """Those in progress, oldest first."""
        with self._lock:
            self._forget_finished()
            return list(self._replays.values())

    def stop(self, replay_id: str) -> None:
        """End one. Raises `NotFoundError`."""
        with self._lock:
            self._forget_finished()
            if replay_id not in self._replays:
                raise NotFoundError(f"no replay {replay_id!r} is in progress")
            self._replays[replay_id].stop()

    def stop_all(self) -> None:
        """End all."""
        for replay in self.all():
            replay.stop()

    def _forget_finished(self) -> None:
        self._replays = {key: replay for key, replay in self._replays.items() if not replay.over.is_set()}
