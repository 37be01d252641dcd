"""Dead letters: lines that survive a crash, and that go with the call that they are about."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import NotFoundError, StoreError
from monitor.store.sink_state import DeadLetter
from monitor.store.zarr.dead_letters import FileDeadLetters, erase_letters
from monitor.store.zarr.sink_state import FileSinkState
from tests.store.zarr_folder import store_at


def letter(seq: int, call: str = "call-1", **changes: Any) -> DeadLetter:
    known = {"given_up_at": "2026-03-01T00:00:00.000+00:00", "attempts": 3, "reason": "HTTP status 500"}
    return DeadLetter(seq=seq, message={"seq": seq, "type": "alert", "call": call}, **{**known, **changes})


def add(letters: FileDeadLetters, *given: DeadLetter) -> list[bool]:
    return [letters.add(one, lambda: True) for one in given]


@pytest.fixture
def letters(tmp_path: Path) -> FileDeadLetters:
    return FileDeadLetters(tmp_path / "desk", fsync=True)


def test_letters_are_read_as_they_were_added(letters: FileDeadLetters, tmp_path: Path) -> None:
    add(letters, letter(7), letter(9, "über"))
    assert FileDeadLetters(tmp_path / "desk", fsync=False).read() == [letter(7), letter(9, "über")]


def test_an_event_that_was_given_up_again_after_a_crash_is_one_letter(letters: FileDeadLetters) -> None:
    add(letters, letter(7), letter(7, attempts=1))
    assert letters.read() == [letter(7, attempts=1)]


def test_a_line_that_a_crash_cut_spoils_no_other(letters: FileDeadLetters, tmp_path: Path) -> None:
    add(letters, letter(7))
    path = tmp_path / "desk" / "dead-letters.jsonl"
    path.write_bytes(path.read_bytes() + b'{"seq": 8, "mess')
    add(letters, letter(8))
    assert letters.read() == [letter(7), letter(8)]


def test_what_no_longer_stands_is_not_added(letters: FileDeadLetters) -> None:
    assert not letters.add(letter(7), lambda: False)
    assert letters.read() == []


def test_letters_are_taken_out_by_their_number(letters: FileDeadLetters) -> None:
    add(letters, letter(7), letter(8), letter(9))
    letters.remove({7, 9, 11})
    assert letters.read() == [letter(8)]


def test_the_letters_of_a_call_go_from_all_sinks_and_those_of_others_stay(tmp_path: Path) -> None:
    one, two = FileDeadLetters(tmp_path / "one", fsync=False), FileDeadLetters(tmp_path / "two", fsync=False)
    add(one, letter(7, "call-1"), letter(8, "call-10"), letter(9, "call-1"))
    add(two, letter(7, "call-1"))
    assert erase_letters(tmp_path, "call-1", fsync=False) == 3
    assert (one.read(), two.read()) == ([letter(8, "call-10")], [])


def test_what_a_crash_left_of_an_erased_call_goes_too(letters: FileDeadLetters, tmp_path: Path) -> None:
    add(letters, letter(7, "call-2"))
    path = tmp_path / "desk" / "dead-letters.jsonl"
    path.write_bytes(path.read_bytes() + b'{"seq": 8, "message": {"call": "call-1", "rul')
    erase_letters(tmp_path, "call-1", fsync=False)
    assert b"call-1" not in path.read_bytes()


def test_a_call_of_which_only_dead_letters_are_left_can_be_erased(tmp_path: Path) -> None:
    store = store_at(tmp_path / "store")
    add(FileDeadLetters(store.layout.sinks / "gone-from-the-configuration", fsync=False), letter(7))
    store.delete("call-1")
    with pytest.raises(NotFoundError):
        store.delete("call-1")


def test_a_disk_that_refuses_leaves_the_letters_as_they_were(
    letters: FileDeadLetters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(letters, letter(7))
    before = (tmp_path / "desk" / "dead-letters.jsonl").read_bytes()

    def refused(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refused)
        with pytest.raises(StoreError, match="the disk is full"):
            letters.add(letter(8), lambda: True)
    assert (tmp_path / "desk" / "dead-letters.jsonl").read_bytes() == before


def test_a_position_is_kept(tmp_path: Path) -> None:
    state = FileSinkState(tmp_path / "desk", fsync=True)
    assert state.position() is None
    state.settle(812)
    assert FileSinkState(tmp_path / "desk", fsync=False).position() == 812


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"position": "x"}', '{"position": -1}', "7"])
def test_a_position_that_cannot_be_read_is_said_with_the_remedy(content: str, tmp_path: Path) -> None:
    (tmp_path / "position.json").write_text(content)
    with pytest.raises(StoreError, match=r"position\.json .*remove it, and this sink begins with the events to come"):
        FileSinkState(tmp_path, fsync=False).position()
