"""Stored frames of a leg as short lists for charts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.affect.dimensions import Dimensions
from monitor.affect.posterior import softmax
from monitor.audio.level import dbfs
from monitor.errors import ConfigError
from monitor.events import Frames, Leg
from monitor.store.base import StoredCall
from monitor.timeline import FRAME_RATE, TICK_FRAMES, frame_seconds, frames_for

MAX_VALUES = 36_000
"""Values a list: a limit on memory and on time, one hour at 10 Hz."""
_DIGITS = 4
_BLOCK_FRAMES = frames_for(300.0)
"""Read at a time, so that a chart takes as much memory of an hour as of a minute; whole values at every rate."""

Floats = NDArray[np.float64]


def leg_series(stored: StoredCall, leg: Leg, begin: float, end: float | None, rate: int) -> dict[str, Any]:
    """Values of a leg from `begin` to `end` seconds, `rate` (a divisor of 50) a second; null where there is no result.

    `begin` is moved back to a whole value, and to a whole tick (100 ms) of the store. Raises `ConfigError` where that
    would be more than `MAX_VALUES`.
    """
    step = FRAME_RATE // rate
    grid = lcm(step, TICK_FRAMES)  # blocks of a chart are whole values, too
    start = frames_for(begin) // grid * grid
    committed = stored.committed(leg)
    stop = committed if end is None else min(frames_for(end), committed)
    if (stop - start) > MAX_VALUES * step:
        count = (stop - start) // step
        raise ConfigError(f"{count} values are more than {MAX_VALUES}: narrow from and to, or choose a lower rate than {rate}")
    start = min(start, committed // grid * grid)
    labels = stored.record.labels if stored.record.legs[leg].classes else ()
    blocks = [_Block.of(frames, step) for frames in _blocks(stored, leg, start, max(stop, start))]
    posterior = np.concatenate([block.posterior for block in blocks])
    affect = _affect(posterior, labels)
    return {
        "call": stored.record.id,
        "leg": leg,
        "time": frame_seconds(start),
        "rate": rate,
        "seconds": frame_seconds(committed),
        "posterior": {label: _listed(posterior[:, index]) for index, label in enumerate(labels)},
        "speech": _listed(np.concatenate([block.speech for block in blocks])),
        "valence": _listed(affect[:, 0]) if labels else [],
        "arousal": _listed(affect[:, 1]) if labels else [],
        "level": _levels(blocks),
        "marks": [mark for block in blocks for mark in block.marks],
    }


@dataclass(frozen=True, slots=True)
class _Block:
    """A few minutes of a leg, thinned."""

    posterior: Floats
    """Shape (n, C)."""
    speech: Floats
    """Shape (n,)."""
    marks: list[int]
    power: Floats
    """Shape (n,), mean square of the audio; empty where it was not kept."""

    @classmethod
    def of(cls, frames: Frames, step: int) -> "_Block":
        posterior = _thinned(softmax(frames.logits.astype(np.float64)), step)
        speech = _thinned(frames.speech.astype(np.float64)[:, None], step)[:, 0]
        return cls(posterior, speech, _marks(frames, step), _power(frames, step))


def _blocks(stored: StoredCall, leg: Leg, start: int, stop: int) -> Iterator[Frames]:
    """Frames without embeddings from `start` to `stop`; one block, which may be empty, or more."""
    while True:
        end = min((start // _BLOCK_FRAMES + 1) * _BLOCK_FRAMES, stop)
        yield stored.results(leg, start, end)
        start = end
        if start >= stop:
            return


def _thinned(values: Floats, step: int) -> Floats:
    """Means over `step` rows of shape (n, k), the last over fewer; rows of NaN are left out of a mean."""
    groups = -(-len(values) // step)
    known = np.isfinite(values)
    edges = np.arange(0, len(values), step)
    if groups == 0 or values.shape[1] == 0:
        return np.zeros((groups, values.shape[1]))
    sums = np.add.reduceat(np.where(known, values, 0.0), edges, axis=0)
    counts = np.add.reduceat(known.astype(np.float64), edges, axis=0)
    return np.asarray(np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0))


def _affect(posterior: Floats, labels: tuple[str, ...]) -> Floats:
    dimensions = Dimensions(labels)
    return np.array([dimensions(row) for row in posterior], dtype=np.float64).reshape(-1, 2)


def _marks(frames: Frames, step: int) -> list[int]:
    if len(frames) == 0:
        return []
    edges = np.arange(0, len(frames), step)
    flags = np.bitwise_or.reduceat(frames.marks & np.uint8(0x0F), edges)
    return [int(mark) for mark in flags | np.maximum.reduceat(frames.marks & np.uint8(0xF0), edges)]


def _power(frames: Frames, step: int) -> Floats:
    """Levels are of ticks; at a higher rate each is told more than once."""
    if frames.level is None:
        return np.zeros(0)
    power = 10 ** (dbfs(frames.level) / 10)
    return _thinned(np.repeat(power, TICK_FRAMES)[: len(frames), None], step)[:, 0]


def _levels(blocks: Sequence[_Block]) -> list[float | None]:
    power = np.concatenate([block.power for block in blocks])
    return [round(value, 1) if np.isfinite(value) else None for value in (10 * np.log10(power)).tolist()]


def _listed(values: Floats) -> list[float | None]:
    return [round(value, _DIGITS) if np.isfinite(value) else None for value in values.tolist()]
