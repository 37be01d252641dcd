"""A store in a folder, and what any zarr reader sees of it."""

from pathlib import Path
from typing import Any

import numpy as np
import zarr

from monitor.config.sections import StoreSection
from monitor.store.zarr.store import ZarrStore


def store_at(path: Path, **settings: Any) -> ZarrStore:
    return ZarrStore(StoreSection(path=path, **{"fsync": False, **settings}))


def assert_no_fill_values(frames: Path) -> None:
    """Any zarr reader sees written values only, at any moment."""
    root = zarr.open_group(frames, mode="r")
    for _, array in root.arrays():
        raise AssertionError(f"unexpected array {array}")
    for _, leg in root.groups():
        for name, array in leg.arrays():
            values = np.asarray(array[:])
            assert not (values == 255).any() if name == "marks" else np.isfinite(values).all()
