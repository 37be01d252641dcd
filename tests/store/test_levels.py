"""Levels lie beside the frames of their ticks, in every store that ships; what is missing is unknown, never another tick's."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monitor.audio.level import UNKNOWN
from monitor.conformance.stored_calls import frames_of, record_of
from monitor.errors import StoreError
from monitor.events import Leg
from monitor.frame_format import LegFormat
from monitor.store.base import CallWriter, Store
from monitor.store.memory import MemoryStore
from monitor.store.zarr.store import ZarrStore
from tests.store.zarr_folder import store_at


@pytest.fixture(params=["zarr", "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    stores: dict[str, Callable[[], Store]] = {"zarr": lambda: store_at(tmp_path / "store"), "memory": MemoryStore}
    return stores[request.param]()


def written(store: Store, frames: int) -> CallWriter:
    writer = store.create(record_of())
    for start in range(0, frames, 25):
        for leg in ("customer", "agent"):
            writer.append(frames_of("call-1", leg, start, min(25, frames - start)))
    return writer


def expected(start: int, stop: int) -> list[int]:
    return frames_of("call-1", "customer", start, stop - start).level.tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(("start", "stop"), [(0, 1533), (5, 10), (1490, 1512), (1530, 9999)])
def test_levels_come_with_the_frames_of_their_ticks(kept: Store, closed: bool, start: int, stop: int) -> None:
    writer = written(kept, 1533)
    if closed:
        writer.finish("finished", {})
    stored = kept.open("call-1")
    levels = [stored.read(leg, start, stop).level.tolist() for leg in ("customer", "agent")]  # type: ignore[union-attr]
    assert levels == [expected(start, min(stop, 1533))] * 2
    assert stored.results("customer", start, stop).level.tolist() == levels[0]  # type: ignore[union-attr]


def test_frames_without_levels_have_none(kept: Store) -> None:
    writer = kept.create(record_of())
    writer.append(replace(frames_of("call-1", "agent", 0, 25), level=None))
    assert kept.open("call-1").read("agent").level is None


def test_a_leg_that_may_not_be_analysed_has_no_level(kept: Store) -> None:
    silent: dict[Leg, LegFormat] = {"agent": LegFormat(dim=0, classes=0)}
    writer = kept.create(record_of(legs=silent))
    frames = frames_of("call-1", "agent", 0, 25, silent["agent"])
    with pytest.raises(ValueError, match="be missing where nothing may be inferred"):
        writer.append(replace(frames, level=np.ones(5, np.uint8)))
    writer.append(frames)
    assert kept.open("call-1").read("agent").level is None


def test_levels_that_do_not_fit_the_frames_are_refused(kept: Store) -> None:
    writer = kept.create(record_of())
    with pytest.raises(ValueError, match=r"level of leg agent must have shape \(5,\)"):
        writer.append(replace(frames_of("call-1", "agent", 0, 25), level=np.ones(25, np.uint8)))
    assert writer.committed("agent") == 0


def test_of_a_call_of_an_older_version_there_are_none(store: ZarrStore) -> None:
    written(store, 100).finish("finished", {})
    store.layout.levels("call-1", "customer").unlink()
    stored = store.open("call-1")
    assert stored.read("customer").level is None
    assert stored.read("agent").level is not None


def test_what_the_disk_lost_is_unknown_and_the_rest_at_its_place(store: ZarrStore) -> None:
    written(store, 100).finish("finished", {})
    path = store.layout.levels("call-1", "customer")
    path.write_bytes(path.read_bytes()[:7])
    assert store.open("call-1").read("customer", 20, 50).level.tolist() == [*expected(20, 35), *[UNKNOWN] * 3]  # type: ignore[union-attr]


def test_levels_of_frames_that_were_never_committed_are_not_read(store: ZarrStore) -> None:
    writer = written(store, 50)
    with store.layout.levels("call-1", "customer").open("ab") as file:
        file.write(bytes([9] * 20))
    assert store.open("call-1").read("customer").level.tolist() == expected(0, 50)  # type: ignore[union-attr]
    writer.append(frames_of("call-1", "customer", 50, 25))
    assert store.open("call-1").read("customer").level.tolist() == expected(0, 75)  # type: ignore[union-attr]


def test_a_file_that_cannot_be_read_is_damage(store: ZarrStore) -> None:
    written(store, 50)
    path = store.layout.levels("call-1", "customer")
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match=r"call call-1 is damaged: .*customer\.u8 cannot be read"):
        store.open("call-1").read("customer")


def test_they_go_with_the_call(store: ZarrStore) -> None:
    written(store, 50).finish("finished", {})
    store.delete("call-1")
    assert not store.layout.levels("call-1", "customer").parent.exists()
