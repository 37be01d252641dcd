"""Replays: stored calls played again to the websocket clients, each message tagged with the replay's id."""

import itertools
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

import structlog

from monitor.errors import BusyError, ConfigError, MonitorError, NotFoundError
from monitor.messages import message_of
from monitor.replay.player import play
from monitor.server.hub import Hub
from monitor.store.base import Store, StoredCall

log = structlog.get_logger(__name__)

MAX_REPLAYS = 16
"""At the same time: each takes a thread and, at high speed, a core."""
MAX_OF_ONE = 4
"""Of one client: the next one ends the oldest of these."""


class Replay:
    """One stored call being played, in a thread of its own."""

    def __init__(self, replay_id: str, stored: StoredCall, speed: float, client: str, hub: Hub) -> None:
        """`client`: who asked for it."""
        self.id = replay_id
        self.client = client
        self.call = stored.record.id
        self.speed = speed
        self.over = threading.Event()
        self.stopped = threading.Event()
        self._stored = stored
        self._hub = hub
        self._thread = threading.Thread(target=self._run, name=f"replay-{replay_id}", daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def stop(self) -> None:
        """End soon."""
        self.stopped.set()

    def summary(self) -> dict[str, Any]:
        """A line for operators."""
        return {"replay": self.id, "call": self.call, "speed": self.speed}

    def _run(self) -> None:
        reason = "finished"
        try:
            for _, item in play(self._stored, self.speed, self.stopped.wait):
                if self.stopped.is_set():
                    reason = "stopped"
                    break
                self._say(item.as_message())
        except NotFoundError:
            reason = "stopped"  # the call was erased meanwhile
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

    def start(self, call: str, speed: float, client: str) -> Replay:
        """Play a stored call. Where the client has `MAX_OF_ONE`, the oldest of these ends; where all have `MAX_REPLAYS`, the
        oldest of the client that has most. Raises `NotFoundError`, `StoreError`, or `ConfigError` where the call is live;
        `BusyError` while as many have been ended and are not over yet.
        """
        stored = self._store.open(call)
        if stored.status == "live":
            raise ConfigError(f"call {call} is in progress; it can be replayed once it is over")
        with self._lock:
            self._forget_finished()
            if len(self._replays) >= 2 * MAX_REPLAYS:
                raise BusyError("too many replays have just been ended; try again in a second")
            self._make_room(client)
            replay = Replay(f"replay-{next(self._numbers)}", stored, speed, client, self._hub)
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

    def forget(self, call: str) -> None:
        """End those of an erased call."""
        for replay in self.all():
            if replay.call == call:
                replay.stop()

    def stop_all(self) -> None:
        """End all."""
        for replay in self.all():
            replay.stop()

    def _make_room(self, client: str) -> None:
        going = [replay for replay in self._replays.values() if not replay.stopped.is_set()]
        share = Counter(replay.client for replay in going)
        if share[client] >= MAX_OF_ONE:
            greedy = client
        elif len(going) >= MAX_REPLAYS:
            greedy = share.most_common(1)[0][0]
        else:
            return
        next(replay for replay in going if replay.client == greedy).stop()

    def _forget_finished(self) -> None:
        self._replays = {key: replay for key, replay in self._replays.items() if not replay.over.is_set()}
