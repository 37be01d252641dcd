"""Calls through the monitor: every frame stored once, events journalled, and nothing that one call meets ends another."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import pytest

from monitor.audio.chunk import AudioChunk, Gap
from monitor.errors import ConfigError, NotFoundError, SourceError, StoreError
from monitor.events import Frames, Mark
from monitor.pipeline import call as call_module
from monitor.pipeline import recorder as recorder_module
from monitor.pipeline.call import LiveCall
from monitor.pipeline.held_memory import HeldMemory
from monitor.pipeline.in_progress import CallInProgress
from monitor.pipeline.monitor import Monitor
from monitor.store.zarr.call_writer import ZarrCallWriter
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.level_engine import LevelEngine
from tests.pipeline.scripted_source import ScriptedSource, tone
from tests.sources.rtp.listening import wait_for

CALM_THEN_LOUD = np.concatenate([tone(12, 0.05), tone(12, 0.9), tone(8, 0.05)])


def finished(monitor: Monitor, source: ScriptedSource, **options: object) -> str:
    call = monitor.start_call(source, **options)  # type: ignore[arg-type]
    assert call.wait(60)
    return call.id


@pytest.mark.parametrize("samples", [1, 319, 320, 8_000, 16_001, 100_000])
@pytest.mark.parametrize("chunk", [160, 4_000])
def test_every_whole_frame_of_both_legs_is_stored(start_monitor: StartMonitor, samples: int, chunk: int) -> None:
    monitor = start_monitor()
    audio = tone(samples / 16_000, 0.1)
    call = finished(monitor, ScriptedSource({"customer": audio, "agent": audio}, chunk=chunk))
    stored = monitor.store.open(call)
    assert [stored.committed(leg) for leg in ("customer", "agent")] == [samples // 320] * 2


def test_a_frame_is_the_one_that_the_engine_computes_of_its_own_samples(start_monitor: StartMonitor) -> None:
    monitor = start_monitor(store__embedding_dtype="float32")
    audio = np.random.default_rng(1).uniform(-0.5, 0.5, 60_000).astype(np.float32)
    stored = monitor.store.open(finished(monitor, ScriptedSource({"customer": audio})))
    expected = audio[: 187 * 320].reshape(-1, 320)
    np.testing.assert_array_equal(stored.read("customer").embedding[:, 2], expected[:, 0])


def test_frames_do_not_depend_on_window_hop_or_chunks(start_monitor: StartMonitor) -> None:
    audio = np.random.default_rng(2).uniform(-0.5, 0.5, 80_000).astype(np.float32)
    one = start_monitor(engine__hop=0.1, engine__window=0.5)
    first = one.store.open(finished(one, ScriptedSource({"customer": audio}, chunk=161), call_id="a")).read("customer")
    one.close()
    two = start_monitor(engine__hop=1.0, engine__window=3.0)
    second = two.store.open(finished(two, ScriptedSource({"customer": audio}, chunk=7_000), call_id="b")).read("customer")
    np.testing.assert_array_equal(first.logits, second.logits)


def test_gaps_of_the_source_are_marked_on_their_frames(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    gaps = {"customer": (Gap(3_200, 640, "lost"), Gap(8_000, 320, "silence"))}
    stored = monitor.store.open(finished(monitor, ScriptedSource({"customer": tone(1, 0.1)}, gaps=gaps)))
    marks = stored.read("customer").marks
    assert (list(np.flatnonzero(marks == Mark.LOST)), list(np.flatnonzero(marks == Mark.SILENCE))) == ([10, 11], [25])


def test_a_call_is_journalled_from_its_start_to_its_end(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    call = finished(monitor, ScriptedSource({"customer": CALM_THEN_LOUD}), metadata={"queue": "billing"})
    events = monitor.journal.read(0, call=call)
    assert (events[0]["type"], events[-1]["type"]) == ("call_started", "call_ended")
    assert events[0]["metadata"] == {"queue": "billing"}
    assert (events[-1]["reason"], events[-1]["legs"]["customer"]["frames"]) == ("finished", 1600)


def test_a_change_of_the_emotion_is_said_as_state_and_as_change_point(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    events = monitor.journal.read(0, call=finished(monitor, ScriptedSource({"customer": CALM_THEN_LOUD})))
    assert "angry" in [event["emotion"] for event in events if event["type"] == "state"]
    confirmed = [event["time"] for event in events if event["type"] == "change_point" and event["status"] == "confirmed"]
    assert min(abs(time - 12) for time in confirmed) < 1


def test_two_calls_at_once_do_not_mix(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    calls = [
        monitor.start_call(ScriptedSource({"customer": tone(3, level)}), call_id=name)
        for name, level in (("loud", 0.8), ("quiet", 0.1))
    ]
    assert all(call.wait(60) for call in calls)
    levels = [monitor.store.open(name).read("customer").embedding[:, 0].mean() for name in ("loud", "quiet")]
    assert levels == pytest.approx([0.8 / 2**0.5, 0.1 / 2**0.5], rel=0.01)


def test_a_source_that_fails_keeps_what_was_good_and_says_why(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    call = monitor.start_call(ScriptedSource({"customer": tone(4, 0.1)}, fail_after=2.0))
    assert call.wait(60)
    assert isinstance(call.error, SourceError)
    stored = monitor.store.open(call.id)
    assert (stored.status, stored.committed("customer"), stored.reason[:5]) == ("interrupted", 100, "error")


def test_a_defect_ends_its_call_closed_with_what_was_committed(
    start_monitor: StartMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = start_monitor()
    source = ScriptedSource({"customer": tone(4, 0.1)})
    chunks = source.chunks()
    monkeypatch.setattr(source, "chunks", lambda: (next(chunks) if n < 12 else 1 // 0 for n in range(99)))
    call = monitor.start_call(source)
    assert call.wait(60)
    ended = monitor.journal.read(0, call=call.id, types=("call_ended",))
    assert [event["reason"] for event in ended] == ["error: defect: ZeroDivisionError"]
    assert (monitor.store.open(call.id).status, monitor.calls()) == ("interrupted", [])


def whole(source: ScriptedSource) -> Iterator[AudioChunk]:
    return source.chunks()


def broken_off(source: ScriptedSource) -> Iterator[AudioChunk]:
    yield from islice(source.chunks(), 12)
    raise SourceError("the line is cut")


def with_a_defect(source: ScriptedSource) -> Iterator[AudioChunk]:
    yield from islice(source.chunks(), 12)
    raise ZeroDivisionError


@pytest.mark.parametrize("chunks", [whole, broken_off, with_a_defect])
def test_however_a_call_ends_the_engine_keeps_nothing_of_its_legs(
    chunks: Callable[[ScriptedSource], Iterator[AudioChunk]], start_monitor: StartMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = start_monitor(engine := LevelEngine())
    heard, source = (ScriptedSource({"customer": tone(4, 0.1), "agent": tone(4, 0.1)}) for _ in range(2))
    monkeypatch.setattr(source, "chunks", lambda: chunks(heard))
    finished(monitor, source)
    monitor.close()
    assert (len(engine.legs), engine.legs.open() > 2) == (0, True)


def test_a_call_that_cannot_begin_leaves_nothing_in_the_engine(
    start_monitor: StartMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = start_monitor(engine := LevelEngine())
    monkeypatch.setattr("monitor.pipeline.intake.CallAnalysis", lambda *arguments: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        monitor.start_call(ScriptedSource({"customer": tone(1, 0.1)}))
    assert len(engine.legs) == 0


def test_a_failed_window_leaves_marked_frames_and_an_event_and_the_call_goes_on(start_monitor: StartMonitor) -> None:
    engine = LevelEngine()
    engine.poison = 0.123
    audio = tone(6, 0.1)
    audio[40_000] = 0.123
    monitor = start_monitor(engine, engine__window=0.8, engine__hop=0.5, engine__lookahead=0.3)
    call = finished(monitor, ScriptedSource({"customer": audio}))
    marks = monitor.store.open(call).read("customer").marks
    skipped = int((marks & Mark.SKIPPED != 0).sum())
    said = sum(event["frames"] for event in monitor.journal.read(0, call=call, types=("frames_skipped",)))
    ended = monitor.journal.read(0, call=call, types=("call_ended",))[0]
    assert skipped == said == ended["legs"]["customer"]["gaps"] > 0
    assert marks[-1] == 0


def test_a_live_leg_that_waits_too_long_gives_up_its_oldest_windows_and_says_so(start_monitor: StartMonitor) -> None:
    engine = LevelEngine()
    engine.gate.clear()
    monitor = start_monitor(engine, engine__max_backlog=2.0)
    source = ScriptedSource({"customer": tone(20, 0.1)}, realtime=True)
    source.hold_at = 300_000
    call = monitor.start_call(source)
    wait_for(lambda: monitor.status().inference.given_up >= 20)
    engine.gate.set()
    source.more.set()
    assert call.wait(60)
    report = call.reports()["customer"]
    said = monitor.journal.read(0, call=call.id, types=("frames_skipped",))
    assert (report["frames"], report["gaps"] >= 500) == (1000, True)
    assert sum(event["frames"] for event in said) == report["gaps"]
    assert {event["cause"] for event in said} == {"overload: the engine could not keep up with all legs"}


def test_frames_given_up_because_the_store_refused_are_marked_said_and_reported_alike(
    start_monitor: StartMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter(range(12))
    append = ZarrCallWriter.append

    def refuse_at_first(writer: ZarrCallWriter, frames: Frames) -> None:
        if next(refusals, None) is not None:
            raise StoreError("no space left on device")
        append(writer, frames)

    monkeypatch.setattr(ZarrCallWriter, "append", refuse_at_first)
    monkeypatch.setattr(recorder_module, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(call_module, "FILE_PATIENCE", 60.0)
    monitor = start_monitor()
    monitor._held_memory = HeldMemory(limit=1_000)
    call = finished(monitor, ScriptedSource({"customer": tone(12, 0.1)}))
    marks = monitor.store.open(call).read("customer").marks
    said = monitor.journal.read(0, call=call, types=("frames_skipped",))
    report = monitor.journal.read(0, call=call, types=("call_ended",))[0]["legs"]["customer"]
    assert int((marks & Mark.SKIPPED != 0).sum()) == sum(event["frames"] for event in said) == report["gaps"] > 0
    assert (report["blanked"], report["frames"]) == (report["gaps"], 600)
    assert {event["cause"] for event in said} == {"the store refused these frames for too long; the log says why"}


def test_a_stopped_call_is_stored_with_the_reason(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    source = ScriptedSource({"customer": tone(20, 0.1)}, realtime=True)
    source.hold_at = 32_000
    call = monitor.start_call(source)
    monitor.stop_call(call.id)
    assert call.wait(60)
    assert (monitor.store.open(call.id).reason, monitor.calls()) == ("stopped", [])


def test_who_waits_for_a_call_goes_on_once_it_is_no_longer_in_progress_and_its_end_is_told(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    told: list[tuple[Sequence[CallInProgress], bool]] = []
    monitor.on_end(lambda call: told.append((monitor.calls(), call.wait(0))))
    finished(monitor, ScriptedSource({"customer": tone(1, 0.1)}))
    assert told == [([], False)]


def test_a_monitor_is_closed_once_the_end_of_each_call_is_told(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    telling, told = threading.Event(), threading.Event()

    def tell(_: LiveCall) -> None:
        telling.set()
        told.wait(60)

    monitor.on_end(tell)
    monitor.start_call(ScriptedSource({"customer": tone(1, 0.1)}))
    assert telling.wait(60)
    with ThreadPoolExecutor(1) as thread:
        closing = thread.submit(monitor.close)
        with pytest.raises(TimeoutError):
            closing.result(0.3)
        told.set()
        closing.result(60)


def test_closing_the_monitor_flushes_the_calls_in_progress(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    source = ScriptedSource({"customer": tone(20, 0.1)}, realtime=True)
    source.hold_at = 32_000
    call = monitor.start_call(source)
    assert source.held.wait(60)
    monitor.close()
    stored = monitor.store.open(call.id)
    assert (stored.status, stored.reason) == ("complete", "shutdown")


def test_a_closed_monitor_takes_no_call(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    monitor.close()
    with pytest.raises(ConfigError, match="stopping"):
        monitor.start_call(ScriptedSource({"customer": tone(1, 0.1)}))


def test_more_calls_than_allowed_are_refused(start_monitor: StartMonitor) -> None:
    monitor = start_monitor(server__max_calls=1)
    source = ScriptedSource({"customer": tone(20, 0.1)}, realtime=True)
    source.hold_at = 0
    monitor.start_call(source)
    with pytest.raises(ConfigError, match=r"server\.max_calls"):
        monitor.start_call(ScriptedSource({"customer": tone(1, 0.1)}))


@pytest.mark.parametrize("call_id", ["../x", "", "a/b", ".hidden", "x" * 200])
def test_an_id_that_is_no_id_is_refused(start_monitor: StartMonitor, call_id: str) -> None:
    with pytest.raises(ConfigError):
        start_monitor().start_call(ScriptedSource({"customer": tone(1, 0.1)}), call_id=call_id)


def test_an_unknown_call_or_alert_is_named(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    with pytest.raises(NotFoundError, match="no call x is in progress"):
        monitor.stop_call("x")
    with pytest.raises(NotFoundError, match="no open alert y"):
        monitor.handling.acknowledge("y", "me")


def test_windows_that_do_not_fit_are_refused_at_the_start(start_monitor: StartMonitor) -> None:
    with pytest.raises(ConfigError, match=r"engine\.window"):
        start_monitor(engine__window=0.5, engine__hop=1.0)
