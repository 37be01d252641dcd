"""Copies a call out of the store for other tools: a folder, or one `.zip`, that needs nothing of this program to be read."""

import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from monitor.audio.level import dbfs
from monitor.errors import StoreError
from monitor.store.base import Store
from monitor.store.call_document import CallDocument
from monitor.store.disk import refusals, write_json
from monitor.store.snapshot import SnapshotWriter


def export_call(store: Store, call: str, to: Path) -> list[str]:
    """Write a call to the folder `to`, or to the file where that ends with `.zip`; the names of what was written.

    `call.json` (what is known of it), `LEG/embedding.npy`, `LEG/utterance.npy`, `LEG/result.json`, `events.jsonl`,
    `LEG/level.npy` where levels were kept, and `LEG.flac` or `LEG.opus` where audio was. A live call is exported as far as it
    is committed. Raises `NotFoundError`, or `StoreError` where `to` exists or cannot be written; nothing is left there then.
    """
    stored = store.open(call)
    if os.path.lexists(to):
        raise StoreError(f"cannot export to {to}: it exists; name a new folder or .zip file")
    with refusals(f"cannot export call {call} to {to}"):
        if not to.parent.is_dir():
            raise StoreError(f"cannot export to {to}: there is no folder {to.parent}")
        with tempfile.TemporaryDirectory(prefix=".export-", dir=to.parent) as name:
            folder = Path(name) / "call"
            SnapshotWriter(folder).write(stored, fsync=False)
            write_json(folder / "call.json", CallDocument.of_stored(stored).model_dump(mode="json"), fsync=False)
            with (folder / "events.jsonl").open("w", encoding="utf-8") as file:
                for message in store.journal.read(0, call=call):
                    file.write(json.dumps(message, ensure_ascii=False) + "\n")
            for leg in stored.record.legs:
                if (level := stored.results(leg).level) is not None:
                    np.save(folder / leg / "level.npy", dbfs(level).astype(np.float32))
                if (sound := stored.audio(leg)) is not None:
                    with sound[1] as recorded, (folder / f"{leg}.{sound[0]}").open("wb") as copy:
                        shutil.copyfileobj(recorded, copy)
            names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
            if to.suffix == ".zip":
                _zip(folder, names, Path(name) / "call.zip").rename(to)
            else:
                folder.rename(to)
    return names


def _zip(folder: Path, names: list[str], archive: Path) -> Path:
    """Text is compressed; arrays and audio, which hardly shrink, are stored."""
    with zipfile.ZipFile(archive, "w") as file:
        for name in names:
            text = name.endswith((".json", ".jsonl"))
            file.write(folder / name, name, zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED)
    return archive
