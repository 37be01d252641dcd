"""A store whose every value is known."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.conformance.stored_calls import STARTED, frames_of, record_of
from monitor.datasets import StoredCalls, open_store
from monitor.events import Frames, Leg, Mark
from monitor.frame_format import LegFormat
from monitor.store.base import CallWriter, StoredCall
from monitor.store.zarr.store import ZarrStore
from tests.store.zarr_folder import store_at

WIDE = LegFormat(dim=16, classes=3)
POOLED = LegFormat(dim=16, classes=3, stride=5)
UNHEARD = LegFormat(dim=0, classes=0)
FORMATS: dict[Leg, LegFormat] = {"customer": WIDE, "agent": POOLED}

Keep = Callable[..., CallWriter]
Reads = list[tuple[Leg, int, int]]


@pytest.fixture
def kept(tmp_path: Path) -> ZarrStore:
    return store_at(tmp_path / "store")


@pytest.fixture
def keep(kept: ZarrStore) -> Keep:
    """Begins a call: 35 s of the customer and 12 s of the agent, the latter at 10 rows a second."""

    def begin(
        call: str = "call-1", started_at: datetime = STARTED, legs: dict[Leg, LegFormat] = FORMATS, **about: Any
    ) -> CallWriter:
        writer = kept.create(record_of(call, started_at, legs=legs, **about))
        for leg, form in legs.items():
            writer.append(frames_of(call, leg, 0, {"customer": 1750}.get(leg, 600), form))
        return writer

    return begin


@pytest.fixture
def calls(kept: ZarrStore, keep: Keep) -> StoredCalls:
    """A store with the finished call `call-1`."""
    keep().finish("finished", {})
    return open_store(kept.place)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """The leg, first frame and number of frames of what is read of stored calls from now on."""
    seen: Reads = []
    read = StoredCall.read

    def noted(self: StoredCall, leg: Leg, start: int = 0, stop: int | None = None) -> Frames:
        frames = read(self, leg, start, stop)
        seen.append((leg, frames.start, len(frames)))
        return frames

    monkeypatch.setattr(StoredCall, "read", noted)
    return seen


def skipped(frames: Frames) -> Frames:
    """The same frames without results."""
    return replace(
        frames,
        embedding=np.full_like(frames.embedding, np.nan),
        logits=np.full_like(frames.logits, np.nan),
        speech=np.zeros_like(frames.speech),
        marks=np.full_like(frames.marks, Mark.SKIPPED),
    )


def lose(store: ZarrStore, call: str, chunk: str) -> None:
    """Have a file of the call's arrays be lost."""
    next(Path(store.place).glob(f"calls/*/{call}.zarr/{chunk}")).unlink()
