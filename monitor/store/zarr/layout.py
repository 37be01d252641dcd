"""Where everything of a store lies, and whether this version may read it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor import __version__
from monitor.errors import StoreError
from monitor.events import Leg
from monitor.store.call_id import check_call_id
from monitor.store.disk import write_json
from monitor.store.versions import FORMAT


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths in a store. Ids are checked before they become a path."""

    root: Path

    @property
    def calls(self) -> Path:
        """Frames: `calls/YYYY-MM-DD/CALL.zarr`, and `CALL.live` beside it while the call is being written."""
        return self.root / "calls"

    @property
    def journal(self) -> Path:
        """Segments of the event journal."""
        return self.root / "journal"

    @property
    def index(self) -> Path:
        """What is found sooner by it, and can be made again from the rest."""
        return self.root / "index"

    @property
    def sinks(self) -> Path:
        """How far each alert sink has come, and what it gave up: a folder a sink."""
        return self.root / "sinks"

    @property
    def lock(self) -> Path:
        """Held while calls come into being, are recovered or deleted."""
        return self.root / "store.lock"

    @property
    def service(self) -> Path:
        """Held by the one `serve` of this store, for as long as it lives; says which process that is, and where it listens."""
        return self.root / "service.lock"

    @property
    def writers(self) -> Path:
        """A lock for each process that writes calls."""
        return self.root / "writers"

    @property
    def recovery(self) -> Path:
        """Held while a process closes what dead ones left open, in the store and in the journal."""
        return self.root / "recovery.lock"

    def erasing(self, call: str) -> Path:
        """There while a call is erased, so that what a kill interrupted is finished at the next start."""
        return self.root / "erasing" / check_call_id(call)

    def being_erased(self) -> list[str]:
        """Calls whose erasure was begun and is not done."""
        return sorted(path.name for path in (self.root / "erasing").glob("*"))

    def new_frames(self, call: str, started_at: datetime) -> Path:
        """Where the frames of a new call go."""
        return self.calls / f"{started_at.astimezone(UTC):%Y-%m-%d}" / f"{check_call_id(call)}.zarr"

    def find_frames(self, call: str) -> Path | None:
        """Where the frames of a call are, if there are any."""
        return next(self.calls.glob(f"*/{check_call_id(call)}.zarr"), None)

    def find_live(self, call: str) -> Iterator[Path]:
        """What the process that writes a call keeps of it, where there is such a process, or was."""
        return self.calls.glob(f"*/{check_call_id(call)}.live")

    def all_frames(self) -> Iterator[Path]:
        """The frames of all calls, in no order."""
        return self.calls.glob("*/*.zarr")

    def snapshots(self, call: str) -> Path:
        """The `.npy` files and `result.json` of a call, a folder a leg."""
        return self.root / "snapshots" / check_call_id(call)

    def audio(self, call: str) -> Path:
        """The recorded audio of a call, a file a leg."""
        return self.root / "audio" / check_call_id(call)

    def levels(self, call: str, leg: Leg) -> Path:
        """How loud a leg of a call was, a byte a tick."""
        return self.root / "levels" / check_call_id(call) / f"{leg}.u8"

    def beside_frames(self, call: str) -> tuple[Path, ...]:
        """The folders of all that is kept of a call beside its frames; not each is there."""
        return self.snapshots(call), self.audio(call), self.root / "levels" / check_call_id(call)

    def audio_file(self, call: str, leg: Leg) -> Path | None:
        """The recorded audio of a leg, if there is any."""
        return next(iter(sorted(self.audio(call).glob(f"{leg}.*"))), None)


def live_folder(call_folder: Path) -> Path:
    """Beside the frames of a call that is being written: the lock of its writer and the tails of its legs."""
    return call_folder.with_suffix(".live")


def writer_lock(call_folder: Path) -> Path:
    """Held by the process that writes the call, for as long as it lives and has not let go of it."""
    return live_folder(call_folder) / "writer.lock"


def tail_path(call_folder: Path, leg: Leg) -> Path:
    """The newest frames of a leg of a live call."""
    return live_folder(call_folder) / f"{leg}.tail"


def check_format(root: Path) -> None:
    """Raise `StoreError` where a newer version wrote the store, or where `root` cannot be one. A new folder is fine."""
    if root.exists() and not root.is_dir():
        raise StoreError(f"cannot open store {root}: it is a file, not a folder; correct store.path")
    path = root / "format.json"
    try:
        if not root.is_dir():
            return
        document = json.loads(path.read_bytes())
        written = document["format"]
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"cannot open store {root}: {path.name} cannot be read ({error}); restore it from a backup") from error
    if not isinstance(written, int) or written > FORMAT:
        raise StoreError(
            f"cannot open store {root}: this store was written by a newer emotion-monitor (format {written}); "
            f"this one reads up to {FORMAT}"
        )


def prepare(root: Path, fsync: bool) -> None:
    """Make the folder a store, where it is none yet. Raises `OSError` where the disk refuses."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    (root / "calls").mkdir(exist_ok=True)
    if not (root / "format.json").exists():
        write_json(root / "format.json", {"format": FORMAT, "written_by": f"emotion-monitor {__version__}"}, fsync)
