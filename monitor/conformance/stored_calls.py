"""Calls whose every value follows from its frame index, so that a test can tell right from wrong without a copy."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from monitor.events import Frames, Leg
from monitor.frame_format import LegFormat, as_stored
from monitor.store.base import CallRecord, CallWriter, Store, StoredCall
from monitor.timeline import TICK_FRAMES

STARTED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LABELS = ("angry", "happy", "neutral")
MakeStore = Callable[[], Store]
"""Opens one store, each time as another user of it would."""
FORMATS: dict[Leg, LegFormat] = {"customer": LegFormat(dim=16, classes=3), "agent": LegFormat(dim=8, classes=3, stride=5)}


def record_of(call: str = "call-1", started_at: datetime = STARTED, **changes: Any) -> CallRecord:
    known = {
        "source": "test",
        "engine": {"name": "compact", "version": "0"},
        "labels": LABELS,
        "legs": FORMATS,
        "metadata": {"queue": "sales"},
        "settings": {"state": {"speech_threshold": 0.5}},
    }
    return CallRecord(id=call, started_at=started_at, **{**known, **changes})


def frames_of(call: str, leg: Leg, start: int, count: int, format_: LegFormat | None = None) -> Frames:
    format_ = FORMATS[leg] if format_ is None else format_
    index = np.arange(start, start + count)
    values = index[:, None] * 31 + np.arange(max(format_.dim, format_.classes)) * 7 + (500 if leg == "agent" else 0)
    raw = Frames(
        call=call,
        leg=leg,
        start=start,
        embedding=((values[:, : format_.dim] % 2048) / 64).astype(np.float32),
        logits=((values[:, : format_.classes] % 97) / 10).astype(np.float32),
        speech=((index % 100) / 100).astype(np.float32),
        marks=(index % 4).astype(np.uint8),
        level=(index[::TICK_FRAMES] // TICK_FRAMES % 255 + 1).astype(np.uint8) if format_.classes else None,
    )
    return as_stored(raw, format_)


def assert_same_frames(found: Frames, expected: Frames) -> None:
    assert (found.call, found.leg, found.start, found.stride) == (
        expected.call,
        expected.leg,
        expected.start,
        expected.stride,
    )
    for name in ("embedding", "logits", "speech", "marks"):
        left, right = getattr(found, name), getattr(expected, name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right, err_msg=f"{name} of leg {found.leg}")
    if found.level is not None:  # not every store keeps levels
        np.testing.assert_array_equal(found.level, expected.level, err_msg=f"level of leg {found.leg}")


def assert_as_written(stored: StoredCall) -> None:
    """Every frame that can be read is the one that was written."""
    for leg, format_ in stored.record.legs.items():
        assert_same_frames(stored.read(leg), frames_of(stored.record.id, leg, 0, stored.committed(leg), format_))


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    """The store, opened once."""
    return make_store()


def write(writer: CallWriter, frames: int, call: str = "call-1", step: int = 25) -> CallWriter:
    for start in range(0, frames, step):
        for leg in FORMATS:
            writer.append(frames_of(call, leg, start, min(step, frames - start)))
    return writer


def stored_call(store: Store, call: str = "call-1", frames: int = 100, **changes: Any) -> None:
    write(store.create(record_of(call, **changes)), frames, call).finish("finished", {"customer": {"codec": "PCMU"}})
