"""The recorder: a disk that refuses delays what a call says, and loses nothing of it."""

import errno
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from monitor.audio.chunk import AudioChunk, Samples
from monitor.errors import StoreError
from monitor.events import CallEnded, Event, Frames, Leg, Mark, StateChanged
from monitor.pipeline import recorder as recorder_module
from monitor.pipeline.held_memory import HeldMemory
from monitor.pipeline.recorder import CallRecorder
from monitor.store.base import CallWriter
from monitor.store.journal import Message
from monitor.store.memory_journal import MemoryJournal
from monitor.store.zarr.journal import FileJournal
from monitor.store.zarr.ledger import Ledger


class RefusingWriter(CallWriter):
    """Takes frames only while `works`; the order in which it took them can be read."""

    records = True

    def __init__(self) -> None:
        self.works = True
        self.taken: list[Frames] = []
        self.sound: list[Samples] = []
        self.finished: str | None = None
        self.released = False

    def append(self, frames: Frames) -> None:
        self._check()
        self.taken.append(frames)

    def append_audio(self, leg: Leg, samples: Samples) -> None:
        self.sound.append(samples)

    def committed(self, leg: Leg) -> int:
        return sum(len(frames) for frames in self.taken if frames.leg == leg)

    def snapshot(self) -> None:
        self._check()

    def close(self, reason: str, reports: Mapping[str, Mapping[str, Any]]) -> None:
        self._check()
        self.finished = reason

    def release(self) -> None:
        self.released = True

    def discard(self) -> None:
        raise AssertionError("a call that has begun is not taken back")

    def _check(self) -> None:
        if not self.works:
            raise StoreError("no space left on device")


ENDED = CallEnded(call="c", time=1.0, at=1.0, reason="finished", legs={})


def frames(start: int, count: int = 25) -> Frames:
    row = np.full((count, 4), start, np.float32)
    return Frames("c", "customer", start, row, row, np.ones(count, np.float32), np.zeros(count, np.uint8))


def state(at: float) -> StateChanged:
    return StateChanged(
        call="c", leg="customer", time=at, at=at, emotion="sad", previous="neutral", confidence=0.5, valence=0, arousal=0
    )


def write(recorder: CallRecorder) -> None:
    recorder.write()
    recorder.confirm()


@pytest.fixture
def writer() -> RefusingWriter:
    return RefusingWriter()


@pytest.fixture
def journal(tmp_path: Path) -> FileJournal:
    return FileJournal(tmp_path / "journal", fsync=False)


@pytest.fixture
def recorder(writer: RefusingWriter, journal: FileJournal, monkeypatch: pytest.MonkeyPatch) -> CallRecorder:
    monkeypatch.setattr(recorder_module, "RETRY_SECONDS", 0.0)
    return CallRecorder(writer, journal)


def test_what_waited_for_the_disk_is_written_in_order_once_it_works(
    recorder: CallRecorder, writer: RefusingWriter, journal: FileJournal
) -> None:
    recorder.put(frames(0))
    write(recorder)
    writer.works = False
    recorder.put(frames(25))
    recorder.put(state(1.0))
    recorder.put(frames(50))
    write(recorder)
    assert (recorder.error, journal.last) == ("no space left on device", 1), "events have a way of their own"
    writer.works = True
    recorder.put(frames(75))
    write(recorder)
    assert ([run.start for run in writer.taken], journal.last, recorder.error) == ([0, 25, 50, 75], 1, None)


def test_events_of_many_calls_share_a_write_and_are_told_after_the_frames_that_they_are_of(
    writer: RefusingWriter, journal: FileJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorders, writes = [CallRecorder(writer, journal) for _ in range(3)], list[int]()
    append = Ledger.append
    monkeypatch.setattr(Ledger, "append", lambda ledger, bodies: writes.append(len(bodies)) or append(ledger, bodies))
    for each in recorders:
        each.put(state(1.0))
        each.put(state(2.0))
        each.write()
    recorders[0].put(state(3.0))
    for each in recorders:
        each.confirm()
    assert (writes, journal.last) == ([6], 6), "what was put after `write` waits for the next one"


def test_a_journal_that_takes_one_event_at_a_time_has_each_of_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "RETRY_SECONDS", 0.0)
    journal, append = MemoryJournal(), MemoryJournal.append
    recorder = CallRecorder(RefusingWriter(), journal)
    refused = iter([False, True, False, False, False])

    def sometimes(journal: MemoryJournal, event: Event) -> Message:
        if next(refused):
            raise StoreError("no space left on device")
        return append(journal, event)

    monkeypatch.setattr(MemoryJournal, "append", sometimes)
    for at in (1.0, 2.0, 3.0):
        recorder.put(state(at))
    write(recorder)
    assert (recorder.error, journal.last) == ("no space left on device", 1)
    write(recorder)
    assert (recorder.error, [message["at"] for message in journal.read(0)]) == (None, [1.0, 2.0, 3.0])


def test_when_too_much_waits_the_oldest_frames_become_gaps_and_no_event_is_lost(
    writer: RefusingWriter, journal: FileJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "RETRY_SECONDS", 0.0)
    recorder = CallRecorder(writer, journal, HeldMemory(limit=2 * frames(0).embedding.nbytes * 2 + 2 * 25 * 4))
    writer.works = False
    for start in range(0, 125, 25):
        recorder.put(frames(start))
        recorder.put(state(start / 50))
        write(recorder)
    writer.works = True
    write(recorder)
    recorder.put(frames(125))
    write(recorder)
    skipped = [bool((run.marks & Mark.SKIPPED).all()) for run in writer.taken]
    assert ([run.start for run in writer.taken], skipped) == ([0, 25, 50, 75, 100, 125], [True] * 3 + [False] * 3)
    assert (journal.last, recorder.blanked["customer"], np.isnan(writer.taken[0].logits).all()) == (5, 75, True)


def test_a_call_is_said_to_have_ended_after_it_is_closed_and_before_it_is_let_go_of(
    recorder: CallRecorder, writer: RefusingWriter, journal: FileJournal
) -> None:
    when_said: list[tuple[str | None, bool]] = []
    journal.listen(lambda message: when_said.append((writer.finished, writer.released)))
    recorder.put(frames(0))
    recorder.finish(ENDED, lambda: True)
    assert (when_said, writer.released) == ([("finished", False)], True)


def test_a_disk_that_refuses_to_the_end_is_an_error(
    recorder: CallRecorder, writer: RefusingWriter, journal: FileJournal
) -> None:
    writer.works = False
    recorder.put(frames(0))
    with pytest.raises(StoreError, match="no space left"):
        recorder.finish(ENDED, lambda: True)
    assert journal.last == 0


def test_a_journal_that_refuses_holds_back_no_frame(
    recorder: CallRecorder, writer: RefusingWriter, journal: FileJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(ledger: Ledger, bodies: Sequence[bytes]) -> list[Message]:
        raise OSError(errno.EROFS, "read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", refuse)
        recorder.put(state(0.5))
        recorder.put(frames(0))
        recorder.put(frames(25))
        write(recorder)
        assert ([run.start for run in writer.taken], recorder.waiting) == ([0, 25], 0)
        assert "read-only" in (recorder.error or "")
    recorder.put(state(1.0))
    write(recorder)
    assert (journal.last, recorder.error) == (1, None), "what comes while some are tried again waits for the next write"
    write(recorder)
    assert journal.last == 2


def test_a_call_that_is_over_waits_for_its_disk_until_that_works(
    recorder: CallRecorder, writer: RefusingWriter, journal: FileJournal
) -> None:
    looks = 0

    def gives_up() -> bool:
        nonlocal looks
        looks += 1
        writer.works = looks == 5
        return False

    writer.works = False
    recorder.put(frames(0))
    recorder.finish(ENDED, gives_up)
    assert (len(writer.taken), writer.finished, journal.last, looks) == (1, "finished", 1, 5)


def test_what_all_calls_hold_together_is_bounded_and_whoever_holds_his_share_gives_up_first():
    memory = HeldMemory(limit=100)
    large, small = object(), object()
    memory.hold(large, 90)
    memory.hold(small, 10)
    assert not memory.too_much(large)
    memory.hold(small, 5)
    assert (memory.too_much(large), memory.too_much(small)) == (True, False)
    memory.hold(large, -90)
    assert not memory.too_much(small)


def test_sound_that_waits_too_long_for_a_disk_that_hangs_is_recorded_as_silence_in_its_place_and_that_is_said(
    recorder: CallRecorder, writer: RefusingWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "MOST_SOUND", 320)
    with capture_logs() as said:
        for start in range(0, 800, 160):
            recorder.audio(AudioChunk("customer", start, np.ones(160, np.float32)))
        write(recorder)
        recorder.audio(AudioChunk("customer", 800, np.ones(160, np.float32)))
        write(recorder)
    assert [float(samples.mean()) for samples in writer.sound] == [1, 1, 0, 0, 0, 1]
    assert [line["event"] for line in said] == ["audio_recorded_as_silence"]


def test_what_was_put_last_is_told_to_be_written_by_the_end_of_the_call_and_once(recorder: CallRecorder) -> None:
    told: list[str] = []
    recorder.put(frames(0))
    recorder.once_written(lambda: told.append("first"))
    recorder.write()
    recorder.put(frames(25))
    recorder.once_written(lambda: told.append("last"))
    recorder.finish(ENDED, lambda: True)
    recorder.confirm()
    assert told == ["first", "last"]
