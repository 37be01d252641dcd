"""Privacy is a setting with teeth: what may not be analysed never reaches an engine."""

import numpy as np
import pytest

from monitor.engines.base import Window, WindowFrames
from monitor.errors import ConfigError
from monitor.messages import FramesMessage
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.level_engine import LevelEngine
from tests.pipeline.scripted_source import ScriptedSource, tone


class WitnessEngine(LevelEngine):
    """Remembers the loudest sample it was ever shown."""

    loudest = 0.0

    def infer(self, windows: "list[Window]") -> list[WindowFrames]:  # type: ignore[override]
        self.loudest = max([self.loudest, *(float(np.abs(window.samples).max()) for window in windows)])
        return super().infer(windows)


def test_a_leg_that_is_no_subject_never_reaches_the_engine(start_monitor: StartMonitor) -> None:
    engine = WitnessEngine()
    monitor = start_monitor(engine, privacy__subjects=("customer",))
    call = monitor.start_call(ScriptedSource({"customer": tone(3, 0.1), "agent": tone(3, 0.9)}))
    assert call.wait(60)
    assert engine.loudest < 0.2


def test_a_leg_that_is_no_subject_is_stored_as_speech_alone(start_monitor: StartMonitor) -> None:
    monitor = start_monitor(privacy__subjects=("customer",))
    call = monitor.start_call(ScriptedSource({"customer": tone(3, 0.1), "agent": tone(3, 0.9)}))
    assert call.wait(60)
    frames = monitor.store.open(call.id).read("agent")
    assert (frames.embedding.shape[1], frames.logits.shape, len(frames.speech)) == (0, (150, 0), 150)


def test_no_emotion_is_said_of_a_leg_that_is_no_subject(start_monitor: StartMonitor) -> None:
    monitor = start_monitor(privacy__subjects=("customer",))
    calm_then_loud = np.concatenate([tone(12, 0.05), tone(12, 0.9)])
    call = monitor.start_call(ScriptedSource({"customer": tone(24, 0.05), "agent": calm_then_loud}))
    assert call.wait(60)
    said = monitor.journal.read(0, call=call.id, types=("state", "change_point"))
    assert {event["leg"] for event in said} <= {"customer"}


def test_live_frames_of_a_leg_that_is_no_subject_say_null(start_monitor: StartMonitor) -> None:
    monitor = start_monitor(privacy__subjects=("customer",))
    told: list[FramesMessage] = []
    monitor.on_live(told.append)
    with monitor.attention.following([], frames=True):
        call = monitor.start_call(ScriptedSource({"customer": tone(3, 0.9), "agent": tone(3, 0.9)}))
        assert call.wait(60)

    nulls = {(one.leg, value is None) for one in told for value in (*one.valence, *one.arousal)}

    assert nulls == {("customer", False), ("agent", True)}
    assert {(leg, state["valence"] is None) for leg, state in call.summary()["state"].items()} == nulls


def test_a_mixed_source_is_refused_where_the_settings_say_so(start_monitor: StartMonitor) -> None:
    monitor = start_monitor(privacy__subjects=("customer",), privacy__refuse_mixed=True)
    with pytest.raises(ConfigError, match="a mixed source is refused"):
        monitor.start_call(ScriptedSource({"mixed": tone(1, 0.1)}))
    assert monitor.store.catalogue() == []
