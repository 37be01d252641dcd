"""How loud a call is, from its audio into the store, onto live pages, and out of a replay again."""

from collections import defaultdict

import numpy as np

from monitor.audio.level import dbfs
from monitor.events import Mark
from monitor.messages import FramesMessage
from monitor.pipeline.monitor import Monitor
from monitor.replay.player import play
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.level_engine import LevelEngine
from tests.pipeline.scripted_source import ScriptedSource, tone

LOUDER = np.concatenate([tone(2, 0.01), tone(1.98, 0.5), np.zeros(50, np.float32)])
"""Its last tick is not whole, and its last samples are no frame."""
TICKS = [-43.0] * 20 + [-9.0] * 20


def told_live(monitor: Monitor, **audio: np.ndarray) -> tuple[str, dict[str, list[float | None]]]:
    """A call, and the levels of its legs as pages were told."""
    told: dict[str, list[float | None]] = defaultdict(list)
    monitor.on_live(lambda message: told[message.leg].extend(message.level))
    with monitor.attention.following((), frames=True):
        call = monitor.start_call(ScriptedSource(audio, chunk=1_777))
        assert call.wait(60)
    return call.id, told


def test_a_call_is_stored_with_the_level_of_each_tick(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    call, told = told_live(monitor, customer=LOUDER, agent=tone(3.98, 0.05))
    frames = monitor.store.open(call).read("customer")
    assert len(frames) == 199
    assert dbfs(frames.level).tolist() == told["customer"] == TICKS
    assert told["agent"] == [-29.0] * 40


def test_a_replay_tells_the_levels_of_the_live_call(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    call, told = told_live(monitor, customer=LOUDER)
    replayed = [item for _, item in play(monitor.store.open(call), speed=0) if isinstance(item, FramesMessage)]
    assert [level for message in replayed for level in message.level] == told["customer"]


def test_of_a_leg_that_may_not_be_analysed_no_level_is_kept_or_told(start_monitor: StartMonitor) -> None:
    monitor = start_monitor(privacy__subjects=("customer",))
    call, told = told_live(monitor, customer=LOUDER, agent=LOUDER)
    assert (told["customer"], told["agent"]) == (TICKS, [])
    assert monitor.store.open(call).read("agent").level is None
    assert not monitor.store.layout.levels(call, "agent").exists()  # type: ignore[attr-defined]


def test_a_window_that_fails_costs_no_level(start_monitor: StartMonitor) -> None:
    engine = LevelEngine()
    engine.poison = LOUDER[40_001]
    monitor = start_monitor(engine)
    call, told = told_live(monitor, customer=LOUDER)
    frames = monitor.store.open(call).read("customer")
    assert (frames.marks & Mark.SKIPPED).any()
    assert dbfs(frames.level).tolist() == told["customer"] == TICKS
