"""Erases calls from a store on a disk: noted first, so that what a kill interrupts is finished at the next start.

The note (`erasing/CALL`) is locked by whoever erases the call. The store's lock is held only while it is written: what takes
time is done without, so that other calls begin and go meanwhile.
"""

import errno
import os
import shutil
from typing import BinaryIO

import structlog

from monitor.errors import BusyError, MonitorError
from monitor.store.disk import PRIVATE, hold, refusals
from monitor.store.journal import Journal
from monitor.store.zarr.dead_letters import erase_letters
from monitor.store.zarr.layout import Layout

log = structlog.get_logger(__name__)


def begin_erasing(layout: Layout, call: str) -> BinaryIO | None:
    """Note that a call is to be erased, and hold the note: close it once that is done. Needs the store's lock.

    None where the disk is too full for an empty file, which still lets the call go: keep the store's lock then.
    Raises `BusyError` where another process or thread erases the call at this moment.
    """
    note = layout.erasing(call)
    try:
        note.parent.mkdir(exist_ok=True)
        note.touch(PRIVATE)
        held = hold(note)
        if os.fstat(held.fileno()).st_nlink:
            return held
        held.close()  # whoever had noted it was done between the two
        return begin_erasing(layout, call)
    except BlockingIOError:
        raise BusyError(f"call {call} is being erased at this moment: ask again when it is done") from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        log.warning("erasure_not_noted", call=call, error=str(error))
        return None


def erase(layout: Layout, journal: Journal, call: str, fsync: bool) -> bool:
    """Remove what there is of a call that nobody writes, its note last; whether there was anything."""
    erased = journal.erase(call) + erase_letters(layout.sinks, call, fsync)
    folders = list(layout.beside_frames(call))
    folders += layout.calls.glob(f"*/{call}.deleted")
    folders += layout.find_live(call)
    call_folder = layout.find_frames(call)
    if call_folder is not None:
        gone = call_folder.with_suffix(".deleted")
        call_folder.rename(gone)
        folders.append(gone)
    found = [folder for folder in folders if folder.exists()]
    for folder in found:
        shutil.rmtree(folder)
    layout.erasing(call).unlink(missing_ok=True)
    return bool(found) or erased > 0


def finish_erasing(layout: Layout, journal: Journal, fsync: bool) -> None:
    """At start, under the store's lock: what dead processes began to erase. What cannot be erased now is tried again then."""
    for call in layout.being_erased():
        try:
            with refusals(f"cannot erase call {call}"):
                note = begin_erasing(layout, call)
                erase(layout, journal, call, fsync)
                if note is not None:
                    note.close()
        except BusyError:
            continue
        except MonitorError as error:
            log.error("erasure_not_finished", call=call, error=str(error))
        else:
            log.warning("erasure_finished", call=call)
    begun = layout.being_erased()
    for remains in layout.calls.glob("*/*.deleted"):
        if remains.stem not in begun:
            shutil.rmtree(remains, ignore_errors=True)
