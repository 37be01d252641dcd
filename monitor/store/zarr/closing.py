"""How a call ends, in steps that may each be repeated: by its writer, or by `recover` where that died on the way.

The folder of the live call goes last. As long as it is there, something is left to do.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor.store.base import status_of
from monitor.store.disk import refusals, size_of
from monitor.store.snapshot import SnapshotWriter
from monitor.store.zarr.chunks import open_arrays
from monitor.store.zarr.document import read_document, write_document
from monitor.store.zarr.layout import Layout, live_folder, tail_path
from monitor.store.zarr.stored_call import ZarrStoredCall
from monitor.store.zarr.tail import read_tail


def close_frames(
    path: Path,
    reason: str,
    reports: Mapping[str, Mapping[str, Any]],
    fsync: bool,
) -> bool:
    """Move the tails of a call to its arrays and say in its document how it ended; False where it says so already."""
    document = read_document(path)
    if document.status != "live":
        return False
    formats = document.record().legs
    with refusals(f"cannot close call {document.call}"):
        tails = {leg: read_tail(tail_path(path, leg), document.call, leg, format_) for leg, format_ in formats.items()}
        for leg, arrays in open_arrays(path, document.call, formats, "r+").items():
            arrays.extend(tails[leg], fsync)
        document.committed = {leg: tail.stop for leg, tail in tails.items()}
        document.status, document.reason = status_of(reason, document.committed), reason
        document.reports = {leg: dict(report) for leg, report in reports.items()}
        write_document(path, document, fsync)
    return True


def settle(layout: Layout, path: Path, snapshots: SnapshotWriter, fsync: bool) -> None:
    """Write the last snapshot of a call whose frames are closed, and note its size."""
    snapshots.write(ZarrStoredCall(layout, path), fsync)
    document = read_document(path)
    with refusals(f"cannot close call {document.call}"):
        document.bytes = sum(map(size_of, (path, *layout.beside_frames(document.call))))
        write_document(path, document, fsync)


def forget_live(path: Path) -> None:
    """Forget that a call was live: nothing is left to do."""
    shutil.rmtree(live_folder(path), ignore_errors=True)


def remove_frames(path: Path) -> None:
    """Remove frames and tails of a call, whole or half-made."""
    for folder in (path, path.with_suffix(".new"), live_folder(path)):
        shutil.rmtree(folder, ignore_errors=True)
