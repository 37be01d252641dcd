import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import StoreError
from monitor.events import CallEnded, StateChanged
from monitor.store.zarr import ledger
from monitor.store.zarr.journal import FileJournal
from monitor.store.zarr.store import ZarrStore
from tests.store.conftest import Worker
from tests.store.full_disk import disk_with_room


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "SEGMENT_BYTES", 2000)
    monkeypatch.setattr(ledger, "RECENT", 2_000)


def state(number: int = 0, call: str = "call-1", **changes: object) -> StateChanged:
    known = {"emotion": "angry", "previous": "happy", "confidence": 0.5, "valence": -0.5, "arousal": 0.5}
    return StateChanged(call=call, leg="customer", time=number / 50, at=number / 50, **{**known, **changes})  # type: ignore[arg-type]


def filled(folder: Path, count: int, call: str = "call-1") -> FileJournal:
    journal = FileJournal(folder, fsync=False)
    for number in range(count):
        journal.append(state(number, call))
    return journal


def newest_segment(folder: Path) -> Path:
    return max(folder.glob("*.jsonl"))


def test_an_event_becomes_a_message_with_seq_and_the_wall_clock(folder: Path):
    message = FileJournal(folder, fsync=True).append(state(7))

    assert list(message)[:3] == ["seq", "recorded_at", "type"]
    assert message["seq"] == 1
    assert message["recorded_at"].endswith("+00:00")
    assert {name: message[name] for name in ("type", "call", "leg", "time", "emotion")} == {
        "type": "state",
        "call": "call-1",
        "leg": "customer",
        "time": 0.14,
        "emotion": "angry",
    }


def test_seq_grows_by_one_from_one(folder: Path):
    journal = filled(folder, 50)

    assert [message["seq"] for message in journal.read(0)] == list(range(1, 51))
    assert journal.last == 50


def test_a_journal_opened_again_goes_on_where_it_ended(folder: Path):
    before = filled(folder, 3).read(0)

    again = FileJournal(folder, fsync=False)

    assert again.read(0) == before
    assert again.append(state())["seq"] == 4


def test_opening_an_empty_journal_writes_nothing(folder: Path):
    assert FileJournal(folder, fsync=True).last == 0
    assert not folder.exists()


def test_messages_are_the_same_from_memory_and_from_the_disk(folder: Path):
    written = FileJournal(folder, fsync=False).append(state(confidence=np.float32(0.25), previous="überrascht"))

    assert FileJournal(folder, fsync=False).read(0) == [written]


def test_segments_are_named_by_their_first_seq_and_reading_jumps_to_the_right_one(folder: Path, small_segments: None):
    journal = filled(folder, 60)
    oldest = min(folder.glob("*.jsonl"))
    oldest.write_bytes(b"not read\n")

    messages = journal.read(30)

    assert len(list(folder.glob("*.jsonl"))) > 3
    assert [message["seq"] for message in messages] == list(range(31, 61))


@pytest.mark.parametrize("since", [0, 1, 29, 49, 50, 59, 60, 100, -5])
def test_since_misses_nothing_whether_in_memory_or_not(since: int, folder: Path, small_segments: None):
    journal = filled(folder, 60)

    assert [message["seq"] for message in journal.read(since)] == list(range(max(since, 0) + 1, 61))


def test_reading_can_be_limited_to_a_call_to_types_and_to_a_number(folder: Path):
    journal = filled(folder, 3, "call-1")
    journal.append(CallEnded(call="call-2", reason="finished", legs={}))
    journal.append(state(1, "call-2"))

    assert [message["seq"] for message in journal.read(0, call="call-2")] == [4, 5]
    assert [message["seq"] for message in journal.read(0, types={"call_ended"})] == [4]
    assert [message["seq"] for message in journal.read(1, limit=2)] == [2, 3]


def test_listeners_hear_of_what_is_on_the_disk_in_order(folder: Path):
    journal = FileJournal(folder, fsync=True)
    heard: list[tuple[int, bool]] = []
    stop = journal.listen(
        lambda message: heard.append(
            (message.seq, json.dumps(message.as_message(), ensure_ascii=False) in newest_segment(folder).read_text())
        )
    )
    journal.append(state())
    journal.append(state())
    stop()
    journal.append(state())

    assert heard == [(1, True), (2, True)]


def test_a_listener_that_fails_or_appends_harms_nobody(folder: Path):
    journal = FileJournal(folder, fsync=False)
    heard: list[int] = []
    journal.listen(lambda message: 1 // 0)
    journal.listen(lambda message: journal.append(state(2)) if message.seq == 1 else None)
    journal.listen(lambda message: heard.append(message.seq))

    journal.append(state(1))

    assert heard == [1, 2]


def test_many_threads_append_without_a_hole_and_are_told_in_order(folder: Path):
    journal = FileJournal(folder, fsync=True)
    heard: list[int] = []
    journal.listen(lambda message: heard.append(message.seq))

    with ThreadPoolExecutor(16) as pool:
        numbers = [message["seq"] for message in pool.map(lambda number: journal.append(state(number)), range(300))]

    assert sorted(numbers) == list(range(1, 301))
    assert heard == list(range(1, 301))
    assert [message["seq"] for message in FileJournal(folder, fsync=False).read(0)] == heard


def test_processes_that_share_a_journal_number_it_together(store: ZarrStore, worker: Worker, second_worker: Worker):
    heard: list[int] = []
    store.journal.listen(lambda message: heard.append(message.seq))
    worker.start("append_events", path=str(store.settings.path), count=200, name="a")
    second_worker.start("append_events", path=str(store.settings.path), count=200, name="b")
    for number in range(200):
        store.journal.append(state(number, "c"))

    failed = worker.result() or second_worker.result()
    store.journal.refresh()

    assert failed is None
    assert heard == list(range(1, 601))
    assert [len(store.journal.read(0, call=name)) for name in "abc"] == [200, 200, 200]


def test_numbers_that_json_does_not_have_are_refused(folder: Path):
    journal = FileJournal(folder, fsync=False)

    with pytest.raises(StoreError, match="cannot write a state event of call call-1"):
        journal.append(state(confidence=math.nan))

    assert journal.append(state())["seq"] == 1


def test_a_torn_last_line_is_cut_at_the_next_append(folder: Path):
    filled(folder, 3)
    with newest_segment(folder).open("ab") as file:
        file.write(b'{"seq": 4, "recorded_at": "2026-')

    journal = FileJournal(folder, fsync=False)

    assert journal.last == 3
    assert journal.append(state())["seq"] == 4
    assert [message["seq"] for message in FileJournal(folder, fsync=False).read(0)] == [1, 2, 3, 4]
    assert newest_segment(folder).read_bytes().count(b"\n") == 4


def test_messages_that_were_taken_out_by_hand_end_a_segment_and_nothing_is_cut(folder: Path):
    filled(folder, 6)
    segment = newest_segment(folder)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:2] + lines[5:]))

    journal = FileJournal(folder, fsync=False)
    added = journal.append(state())

    assert added["seq"] == 3
    assert segment.read_bytes() == b"".join(lines[:2] + lines[5:])
    assert [message["seq"] for message in FileJournal(folder, fsync=False).read(0)] == [1, 2, 3]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_happens_to_the_last_line_the_others_stay(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("journal")
    written = filled(folder, 4).read(0)
    segment = newest_segment(folder)
    lines = segment.read_bytes().splitlines(keepends=True)
    kept = data.draw(st.integers(0, len(lines[-1]) - 1), label="bytes kept")
    garbage = data.draw(st.binary(max_size=80), label="garbage behind them")
    segment.write_bytes(b"".join(lines[:-1]) + lines[-1][:kept] + garbage)

    journal = FileJournal(folder, fsync=False)

    assert journal.read(0)[:3] == written[:3]
    added = journal.append(state(99))
    assert [message["seq"] for message in FileJournal(folder, fsync=False).read(0)] == list(range(1, added["seq"] + 1))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_in_the_middle_costs_the_messages_it_hit_and_no_others(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("journal")
    written = filled(folder, 6).read(0)
    segment = newest_segment(folder)
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[2] = data.draw(st.binary(min_size=1, max_size=len(lines[2])), label="in place of line 3").ljust(len(lines[2]), b"x")
    segment.write_bytes(b"".join(lines))

    messages = FileJournal(folder, fsync=False).read(0)

    assert [message["seq"] for message in messages] == [1, 2, 3, 4, 5, 6]
    assert [messages[index] for index in (0, 1, 4, 5)] == [written[index] for index in (0, 1, 4, 5)]
    assert messages[2]["type"] == "damaged"


@given(kept=st.integers(0, 40), end=st.sampled_from([b"", b"}"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_line_however_short_costs_itself_alone(kept: int, end: bytes, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("journal")
    written = filled(folder, 6).read(0)
    lines = newest_segment(folder).read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:kept] + end + b"\n"
    newest_segment(folder).write_bytes(b"".join(lines))

    messages = FileJournal(folder, fsync=False).read(0)

    assert messages == [*written[:2], {"seq": 3, "type": "damaged"}, *written[3:]]


def test_erasing_a_call_leaves_its_numbers(folder: Path, small_segments: None):
    journal = filled(folder, 20, "gone")
    journal.append(state(0, "stays"))

    erased = journal.erase("gone")

    assert erased == 20
    assert journal.read(0)[0] == {"seq": 1, "type": "erased"}
    assert [message["seq"] for message in journal.read(0)] == list(range(1, 22))
    assert [message["seq"] for message in journal.read(0, call="stays")] == [21]
    assert b"gone" not in b"".join(path.read_bytes() for path in folder.iterdir())
    assert journal.append(state())["seq"] == 22


def test_erasing_a_call_that_is_not_there_changes_nothing(folder: Path):
    journal = filled(folder, 2)
    before = newest_segment(folder).stat().st_mtime_ns

    assert journal.erase("other") == 0
    assert newest_segment(folder).stat().st_mtime_ns == before


def test_another_process_forgets_what_was_erased(folder: Path):
    ours, theirs = filled(folder, 5, "gone"), FileJournal(folder, fsync=False)

    ours.erase("gone")

    assert [message["type"] for message in theirs.read(0)] == ["erased"] * 5
    assert theirs.append(state())["seq"] == 6


def test_a_disk_that_refuses_costs_no_number(folder: Path):
    journal = filled(folder, 2)

    with disk_with_room(10), pytest.raises(StoreError, match=r"cannot write the journal .*: the disk is full"):
        journal.append(state())

    assert journal.append(state())["seq"] == 3
    assert [message["seq"] for message in FileJournal(folder, fsync=False).read(0)] == [1, 2, 3]


def test_a_journal_in_the_place_of_a_file_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="a part of this path is a file"):
        FileJournal(tmp_path / "file" / "journal", fsync=False).append(state())
