"""A recording that is evaluated is heard as a live call is: the same frames, the same events."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from lab.hearing.hearing import Hearing
from lab.hearing.listeners import Listeners, Unheard
from lab.hearing.takes import Take
from monitor.config import Settings, load_settings
from monitor.engines.registry import load_engine
from monitor.errors import ConfigError, EngineError
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.replay.player import replay_events
from monitor.sources.file import FileSource
from monitor.store.zarr.store import ZarrStore


def heard(listeners: Listeners, take: Take, *, embeddings: bool = False) -> Hearing:
    ((_, hearing),) = listeners.hear([take], embeddings=embeddings)
    assert isinstance(hearing, Hearing), hearing
    return hearing


def test_what_is_heard_is_what_run_stores_id_for_id(listeners: Listeners, call_file: Path, tmp_path: Path) -> None:
    settings = load_settings(environment={}, flags={"store.path": tmp_path / "store", "store.fsync": False})
    monitor = Monitor(settings, InferenceWorker.of(load_engine(settings.engine), settings.engine), ZarrStore(settings.store))
    live = monitor.start_call(FileSource(call_file), call_id=call_file.stem)
    assert live.wait(60)
    stored = monitor.store.open(live.id)
    monitor.close()

    hearing = heard(listeners, Take(call_file), embeddings=True)

    assert list(hearing.events) == list(replay_events(stored))[1:-1]
    assert len(hearing.events) > 0
    assert list(hearing.legs) == ["customer", "agent"]
    frames = [stored.read(leg) for leg in hearing.legs]
    for name in ("logits", "speech", "embedding", "marks"):
        for leg, expected in zip(hearing.legs.values(), frames, strict=True):
            np.testing.assert_array_equal(getattr(leg.frames, name), getattr(expected, name))


def test_the_emotion_shown_is_told_tick_by_tick(listeners: Listeners, call_file: Path) -> None:
    hearing = heard(listeners, Take(call_file))
    customer = hearing.legs["customer"]
    turns = [event for event in hearing.events if event.type == "state" and event.leg == "customer"]
    shown = [(index / 10, emotion) for index, emotion in enumerate(customer.emotion)]
    first = next(time for time, emotion in shown if emotion != "unknown")
    assert (hearing.seconds, len(customer), len(customer.emotion), len(customer.ticks())) == (12.0, 600, 120, 120)
    assert (turns[0].time, customer.posterior.shape, customer.valence.shape) == (first, (120, 8), (120,))


def test_embeddings_are_kept_only_where_they_are_wanted(listeners: Listeners, call_file: Path) -> None:
    without, whole = (heard(listeners, Take(call_file), embeddings=wanted).legs["agent"] for wanted in (False, True))
    assert (without.frames.embedding.shape, whole.frames.embedding.shape) == ((600, 0), (600, 96))
    assert whole.ticks()[0].embedding.shape == (96,)


def test_all_channels_of_one_speaker_are_one_leg(listeners: Listeners, clips_folder: Path) -> None:
    hearing = heard(listeners, Take(clips_folder / "5.wav", one_speaker=True))
    assert list(hearing.legs) == ["customer"]


def test_a_recording_shorter_than_a_frame_has_none(listeners: Listeners, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.wav", np.zeros(100), 16_000)
    hearing = heard(listeners, Take(tmp_path / "short.wav"))
    assert (len(hearing.legs["mixed"]), hearing.legs["mixed"].ticks(), hearing.events) == (0, [], ())


def test_a_leg_that_may_not_be_analysed_has_no_logits(call_file: Path) -> None:
    settings = load_settings(environment={}, flags={"privacy.subjects": ["customer"]})
    with Listeners(settings, jobs=1) as listeners:
        agent = heard(listeners, Take(call_file)).legs["agent"]
    assert (agent.frames.logits.shape, set(agent.emotion), agent.posterior.shape) == ((600, 0), {"unknown"}, (120, 0))


def test_a_mixed_recording_is_refused_where_the_settings_refuse_it(clips_folder: Path) -> None:
    settings = load_settings(environment={}, flags={"privacy.subjects": ["customer"], "privacy.refuse_mixed": True})
    with Listeners(settings, jobs=1) as listeners, pytest.raises(ConfigError, match="mixed source is refused"):
        heard(listeners, Take(clips_folder / "0.wav"))


def test_how_many_processes_hear_changes_nothing(settings: Settings, listeners: Listeners, clips_folder: Path) -> None:
    takes = [Take(clips_folder / f"{number}.wav", one_speaker=True) for number in range(6)]
    takes.insert(2, Take(clips_folder / "none.wav"))
    with Listeners(settings, jobs=2) as many:
        by_many = list(many.hear(takes))
    alone = list(listeners.hear(takes))
    assert [take for take, _ in by_many] == [take for take, _ in alone] == takes
    assert [_essence(result) for _, result in by_many] == [_essence(result) for _, result in alone]


def _essence(result: Hearing | Unheard) -> object:
    if isinstance(result, Unheard):
        return result
    (leg,) = result.legs.values()
    return result.call, result.events, leg.emotion, leg.frames.logits.tobytes(), leg.frames.speech.tobytes()


def test_a_file_that_is_no_audio_costs_itself_alone(listeners: Listeners, clips_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound at all " * 100)
    takes = [Take(clips_folder / "0.wav"), Take(tmp_path / "text.wav"), Take(clips_folder / "1.wav")]
    results = [result for _, result in listeners.hear(takes)]
    assert [type(result) for result in results] == [Hearing, Unheard, Hearing]
    assert "text.wav" in getattr(results[1], "reason", "")


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_engine_that_cannot_be_loaded_is_told_once(jobs: int, tmp_path: Path) -> None:
    settings = load_settings(environment={}, flags={"engine.model": str(tmp_path / "none.safetensors")})
    with pytest.raises(EngineError, match=r"none\.safetensors"):
        Listeners(settings, jobs=jobs)
