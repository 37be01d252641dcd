"""A store in a folder, what any zarr reader sees of it, and what of it is open."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from monitor.config.sections import StoreSection
from monitor.store.zarr.store import ZarrStore


def store_at(path: Path, **settings: Any) -> ZarrStore:
    return ZarrStore(StoreSection(path=path, **{"fsync": False, **settings}))


def open_in(folder: Path) -> list[str]:
    """What this process has open there; what other tests' threads open and close elsewhere does not count."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own
            found.append(str(descriptor.readlink()))
    return [path for path in found if path.startswith(str(folder))]


def assert_no_fill_values(frames: Path) -> None:
    """Any zarr reader sees written values only, at any moment."""
    root = zarr.open_group(frames, mode="r")
    for _, array in root.arrays():
        raise AssertionError(f"unexpected array {array}")
    for _, leg in root.groups():
        for name, array in leg.arrays():
            values = np.asarray(array[:])
            assert not (values == 255).any() if name == "marks" else np.isfinite(values).all()
