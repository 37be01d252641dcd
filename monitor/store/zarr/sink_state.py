"""What a sink leaves in a store on a disk: a folder with its position and its dead letters."""

import json
from pathlib import Path

from monitor.errors import StoreError
from monitor.store.disk import refusals, write_json
from monitor.store.sink_state import SinkState
from monitor.store.zarr.dead_letters import FileDeadLetters


class FileSinkState(SinkState):
    """The folder of one sink, which is made with its first position."""

    def __init__(self, folder: Path, fsync: bool) -> None:
        self._folder = folder
        self._path = folder / "position.json"
        self._fsync = fsync
        self.letters = FileDeadLetters(folder, fsync)

    def position(self) -> int | None:
        """See `SinkState`."""
        try:
            position = json.loads(self._path.read_bytes())["position"]
            if isinstance(position, int) and position >= 0:
                return position
            reason = f"no position: {position!r}"
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error)
        raise StoreError(f"cannot read {self._path} ({reason}); remove it, and this sink begins with the events to come")

    def settle(self, position: int) -> None:
        """See `SinkState`."""
        with refusals(f"cannot write {self._path}"):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_json(self._path, {"position": position}, self._fsync)
