"""The newest in memory: never more bytes than are allowed, never a hole, and never a size that is forgotten."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.store.recent import Recent
from monitor.store.zarr.journal import FileJournal
from tests.server.events import record

LIMIT = 50


@given(sizes=st.lists(st.integers(1, 80), min_size=1), asked=st.integers(0, 30), most=st.none() | st.integers(0, 30))
def test_the_newest_are_kept_as_far_as_they_fit(sizes: list[int], asked: int, most: int | None) -> None:
    recent: Recent[bytes] = Recent(LIMIT, len)
    words = [bytes([index % 256]) * size for index, size in enumerate(sizes)]
    for word in words:
        recent.append(word)

    kept = list(recent)
    assert kept == words[-len(recent) :]
    assert sum(map(len, kept)) <= LIMIT or len(kept) == 1
    assert len(kept) == len(words) or sum(map(len, words[-len(kept) - 1 :])) > LIMIT
    assert recent.newest(asked, most) == kept[max(len(kept) - asked, 0) :][:most]


def test_what_is_changed_counts_as_it_is_then() -> None:
    recent: Recent[bytes] = Recent(LIMIT, len)
    for word in (b"a" * 20, b"b" * 20, b"c" * 10):
        recent.append(word)

    recent.change(lambda word: b"-" if word.startswith(b"a") else word)
    recent.append(b"d" * 19)
    assert [word[:1] for word in recent] == [b"-", b"b", b"c", b"d"]
    recent.append(b"e")
    assert [word[:1] for word in recent] == [b"b", b"c", b"d", b"e"]


@pytest.mark.parametrize("note", ["", "x" * 2_000])
def test_the_journal_keeps_so_many_bytes_of_events_however_large_they_are(
    note: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.zarr.ledger.RECENT", 10_000)
    journal = FileJournal(tmp_path / "journal", fsync=False)

    record(journal, 200, note=note)

    kept = list(journal._ledger.recent)
    assert 5_000 < sum(map(sys.getsizeof, kept)) <= 10_000
    assert [message["seq"] for message in journal.read(0)] == list(range(1, 201))
