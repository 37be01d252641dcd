"""A leg of a call as an xarray dataset whose frames are read when they are asked for, and no others."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from monitor.events import Frames, Leg, Mark
from monitor.store.base import StoredCall
from monitor.timeline import FRAME_RATE, TICK_FRAMES

if TYPE_CHECKING:
    import xarray

BLOCK_FRAMES = 30 * FRAME_RATE
"""Frames that are read at a time: a chunk of the store."""
_REMEMBERED = 2
"""Reads that are kept, since the variables of one stretch are asked for one after the other: 12 MB of 1024 features."""


def leg_dataset(stored: StoredCall, leg: Leg) -> "xarray.Dataset":
    """The frames of a leg, as far as they are committed: `embedding (time, feature)`, `logits (time, label)`, `speech (time)`
    and `marks (time)`. A frame without a result is NaN and bears mark 4.

    Coordinates: `time`, seconds of the call, the index; `clock`, UTC; `label`. A leg that may not be analysed has neither
    `embedding` nor `logits`. Nothing is read but what is computed with; what is damaged raises `StoreError` then.
    """
    import xarray
    from xarray.core.indexing import LazilyIndexedArray

    record, form, frames = stored.record, stored.record.legs[leg], stored.committed(leg)
    reader = _Reader(stored, leg)
    variables: dict[str, tuple[tuple[str, ...], type[np.generic], tuple[int, ...], dict[str, Any]]] = {
        "speech": (("time",), np.float32, (), {"long_name": "probability that the leg speaks"}),
        "marks": (("time",), np.uint8, (), _MARKS),
    }
    coordinates: dict[str, Any] = {
        "time": ("time", frame_times(0, frames), {"long_name": "seconds from the start of the call"}),
        "clock": ("time", wall_clock(stored, 0, frames).astype("datetime64[ns]"), {"long_name": "UTC"}),
    }
    if form.dim:
        pooled = {"rate": FRAME_RATE / form.stride, "long_name": "features of the engine"}
        variables["embedding"] = (("time", "feature"), np.float32, (form.dim,), pooled)
    if form.classes:
        variables["logits"] = (("time", "label"), np.float32, (form.classes,), {"long_name": "logits of the engine"})
        coordinates["label"] = ("label", list(record.labels))
    array = _frame_array()
    return xarray.Dataset(
        {
            name: xarray.Variable(dims, LazilyIndexedArray(array(reader, name, (frames, *width), dtype)), about)
            for name, (dims, dtype, width, about) in variables.items()
        },
        coordinates,
        {
            "call": record.id,
            "leg": leg,
            "status": stored.status,
            "started_at": record.started_at.isoformat(),
            "engine": json.dumps(dict(record.engine), ensure_ascii=False),
            "metadata": json.dumps(dict(record.metadata), ensure_ascii=False),
        },
    )


_BITS = [mark for mark in Mark if mark]
_MARKS = {
    "flag_masks": [mark.value for mark in _BITS],
    "flag_meanings": " ".join(str(mark.name).lower() for mark in _BITS),
    "long_name": "marks; of a late frame the upper four bits say by how many seconds",
}
"""As the CF conventions describe bits (section 3.5)."""


def frame_times(start: int, stop: int) -> NDArray[np.float64]:
    """Seconds of the call at which frames begin, exact to the millisecond."""
    return np.arange(start, stop) * 20 / 1000


def wall_clock(stored: StoredCall, start: int, stop: int) -> NDArray[np.datetime64]:
    """UTC at which frames begin, in microseconds."""
    began = np.datetime64(round(stored.record.started_at.timestamp() * 1_000_000), "us")
    return began + np.arange(start, stop) * np.timedelta64(20_000, "us")


def embedding_rows(frames: Frames) -> NDArray[np.float32]:
    """The embedding of every frame, of shape (n, D): of frames pooled to 10 Hz each row is there for the 5 it stands for."""
    return frames.embedding if frames.stride == 1 else frames.embedding[np.arange(len(frames)) // frames.stride]


class _Reader:
    """Reads stretches of a leg."""

    def __init__(self, stored: StoredCall, leg: Leg) -> None:
        self._stored, self._leg = stored, leg
        self._read = lru_cache(_REMEMBERED)(self._stored.read)

    def __deepcopy__(self, _: dict[int, Any]) -> "_Reader":
        """What is only read is shared."""
        return self

    def values(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Values of frames `[start, stop)`."""
        first = start // TICK_FRAMES * TICK_FRAMES
        frames = self._read(self._leg, first, stop)
        values: NDArray[Any] = embedding_rows(frames) if name == "embedding" else getattr(frames, name)
        return values[start - first :]


@lru_cache(1)
def _frame_array() -> Any:
    """The class of arrays that xarray reads lazily: xarray is no part of the core."""
    from xarray.backends import BackendArray
    from xarray.core.indexing import IndexingSupport, explicit_indexing_adapter

    class FrameArray(BackendArray):
        """One variable of a leg.

        https://docs.xarray.dev/en/stable/internals/how-to-add-new-backend.html#backendarray-subclassing
        """

        def __init__(self, reader: _Reader, name: str, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
            self._reader, self._name = reader, name
            self.shape, self.dtype = shape, np.dtype(dtype)

        def __getitem__(self, key: Any) -> Any:
            return explicit_indexing_adapter(key, self.shape, IndexingSupport.OUTER, self._select)

        def _select(self, key: tuple[Any, ...]) -> NDArray[Any]:
            """The values at an outer key, block by block; between frames that are far apart nothing is read."""
            wanted = np.arange(self.shape[0])[key[0]]
            frames, rest = np.atleast_1d(wanted), (slice(None), *key[1:])
            inner = np.empty((0, *self.shape[1:]), self.dtype)[rest].shape[1:]
            out = np.empty((len(frames), *inner), self.dtype)
            blocks = frames // BLOCK_FRAMES
            for block in np.unique(blocks):
                here = blocks == block
                first, last = int(frames[here].min()), int(frames[here].max())
                values = self._reader.values(self._name, first, last + 1)
                out[here] = values[frames[here] - first][rest]
            result: NDArray[Any] = out if wanted.ndim else out[0]
            return result

    return FrameArray
