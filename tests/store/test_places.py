"""The journal's index: it finds what reading everything finds, whatever happened to the journal and to the index."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.events import StateChanged
from monitor.store.journal import Journal, Message
from monitor.store.zarr import ledger, places
from monitor.store.zarr.journal import FileJournal
from monitor.store.zarr.segment import erasures, segments
from monitor.store.zarr.store import ZarrStore
from tests.store.conftest import Worker
from tests.store.zarr_folder import store_at

CALLS = ("one", "two", "three")
DRAWN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "SEGMENT_BYTES", 1000)
    monkeypatch.setattr(ledger, "RECENT", 600)


def say(journal: Journal, call: str, *, times: int = 1) -> None:
    for _ in range(times):
        journal.append(StateChanged(call=call, emotion="angry", previous="sad", confidence=1, valence=0, arousal=0))


def scanned(folder: Path, call: str) -> list[Message]:
    """What reading the whole journal finds."""
    return [message for message in FileJournal(folder, fsync=False).read(0) if message.get("call") == call]


class Shared:
    """A journal, two processes that use it, and what may happen to its files."""

    def __init__(self, root: Path) -> None:
        root.mkdir(exist_ok=True)
        self.folder, self.index = root / "journal", root / "index" / "journal.sqlite"
        self.open()

    def open(self) -> None:
        self.journals = [FileJournal(self.folder, fsync=False, index=self.index) for _ in range(2)]

    def append(self, call: str) -> None:
        say(self.journals[len(call) % 2], call, times=len(call))

    def erase(self, call: str) -> None:
        self.journals[0].erase(call)

    def read(self, call: str) -> None:
        self.journals[1].read(0, call=call)

    def lose_index(self, _: str) -> None:
        self.index.unlink(missing_ok=True)
        self.open()

    def damage_index(self, _: str) -> None:
        if self.index.exists():
            self.index.write_bytes(b"no database" * 400)
        self.open()

    def damage_a_line(self, call: str) -> None:
        for path in segments(self.folder)[:1]:
            lines = path.read_bytes().splitlines(keepends=True)
            lines[len(call) % len(lines)] = b"{\n"
            path.write_bytes(b"".join(lines))
        self.open()

    def damage_a_key(self, call: str) -> None:
        self._rewrite(lambda content: content.replace(b'"call": "%b"' % call.encode(), b'"c\xffll": "%b"' % call.encode(), 1))

    def lose_a_line_feed(self, _: str) -> None:
        self._rewrite(lambda content: content.replace(b"}\n", b"}", 1))

    def _rewrite(self, change: Callable[[bytes], bytes]) -> None:
        for path in segments(self.folder)[:1]:
            path.write_bytes(change(path.read_bytes()))
        self.open()

    def tear_the_end(self, _: str) -> None:
        for path in segments(self.folder)[-1:]:
            os.truncate(path, max(path.stat().st_size - 7, 0))
        self.open()


ACTS: tuple[Callable[[Shared, str], None], ...] = (
    Shared.append,
    Shared.append,
    Shared.append,
    Shared.erase,
    Shared.read,
    Shared.lose_index,
    Shared.damage_index,
    Shared.damage_a_line,
    Shared.damage_a_key,
    Shared.lose_a_line_feed,
    Shared.tear_the_end,
)


@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(CALLS)), max_size=25), since=st.integers(0, 30))
@DRAWN
def test_a_call_is_found_as_reading_everything_finds_it(
    acts: list[tuple[Callable[[Shared, str], None], str]], since: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = Shared(tmp_path_factory.mktemp("store"))
    for act, call in acts:
        act(shared, call)

    found = {call: [journal.read(0, call=call) for journal in shared.journals] for call in CALLS}

    assert found == {call: [scanned(shared.folder, call)] * 2 for call in CALLS}
    later = [message for message in found["one"][0] if message["seq"] > since]
    assert shared.journals[0].read(since, call="one", limit=4) == later[:4]


@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(CALLS)), max_size=25))
@DRAWN
def test_whatever_happened_an_erased_call_is_nowhere_and_the_others_are_where_they_were(
    acts: list[tuple[Callable[[Shared, str], None], str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = Shared(tmp_path_factory.mktemp("store"))
    for act, call in [*acts, (Shared.append, "one"), (Shared.append, "three")]:
        act(shared, call)
    others = [scanned(shared.folder, call) for call in ("one", "two")]

    shared.erase("three")

    assert [path for path in segments(shared.folder) if b'"three"' in path.read_bytes()] == []
    assert [scanned(shared.folder, call) for call in ("one", "two")] == others
    in_memory = [journal.read(0) for journal in shared.journals]
    assert in_memory == [FileJournal(shared.folder, fsync=False).read(0)] * 2


def test_a_call_is_erased_from_the_segments_that_hold_some_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared(tmp_path / "store")
    for call in ("one", "two", "three"):
        say(shared.journals[0], call, times=20)
    looked_at: list[bytes] = []
    monkeypatch.setattr(ledger, "erasures", lambda content, call: looked_at.append(content) or erasures(content, call))

    erased = shared.journals[0].erase("two")

    assert erased == 20
    assert 1 < len(looked_at) < len(segments(shared.folder)) / 2 + 1


def test_a_segment_that_came_back_from_a_backup_is_looked_at_again(tmp_path: Path) -> None:
    shared = Shared(tmp_path / "store")
    for call in ("gone", "one"):
        say(shared.journals[0], call, times=20)
    first = segments(shared.folder)[0]
    backup = first.read_bytes()
    shared.erase("gone")
    first.write_bytes(backup)
    shared.open()

    erased = (shared.journals[0].erase("gone"), shared.journals[0].erase("gone"))

    assert (erased[0] > 0, erased[1], b"gone" in first.read_bytes()) == (True, 0, False)


def test_a_call_is_read_from_the_segments_that_hold_some_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared(tmp_path / "store")
    for call in ("one", "two", "three"):
        say(shared.journals[0], call, times=20)
    shared.journals[0].read(0, call="one")
    read: list[Path] = []
    monkeypatch.setattr(ledger, "_content", lambda path: read.append(path) or path.read_bytes())

    found = FileJournal(shared.folder, fsync=False, index=shared.index).read(0, call="two")

    assert len(found) == 20
    assert 1 < len(read) < len(segments(shared.folder)) / 2 + 1


def test_an_index_of_another_version_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared(tmp_path / "store")
    say(shared.journals[0], "one", times=30)
    monkeypatch.setattr(places, "_VERSION", 77)
    shared.open()
    shared.read("one")
    monkeypatch.undo()
    monkeypatch.setattr(ledger, "RECENT", 600)

    assert len(FileJournal(shared.folder, fsync=False, index=shared.index).read(0, call="one")) == 30


def test_processes_that_read_and_write_the_index_at_once_all_find_everything(
    store: ZarrStore, worker: Worker, second_worker: Worker
) -> None:
    say(store.journal, "call-1", times=40)
    for process in (worker, second_worker):
        process.start("append_and_read", path=str(store.settings.path), call="call-2", count=30)
    seen = [len(store_at(store.layout.root).journal.read(0, call="call-1")) for _ in range(20)]

    assert (worker.result(), second_worker.result(), set(seen)) == (None, None, {40})
    assert store.journal.read(0, call="call-2") == scanned(store.layout.journal, "call-2")
    assert len(store.journal.read(0, call="call-2")) == 60


@given(cut=st.floats(0, 1))
@DRAWN
def test_an_erasure_that_was_killed_is_finished_by_the_next_and_harms_nobody_else(
    cut: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = Shared(tmp_path_factory.mktemp("store"))
    journal = shared.journals[0]
    for call in ("one", "gone", "gone", "two"):
        say(journal, call)
    others = [scanned(shared.folder, call) for call in ("one", "two")]
    segment = segments(shared.folder)[0]
    changes = list(erasures(segment.read_bytes(), "gone"))
    room = int(cut * sum(len(text) for _, text, _ in changes))
    with segment.open("r+b") as file:  # as far as the process came
        for (offset, text, _), before in zip(
            changes, accumulate((len(text) for _, text, _ in changes), initial=0), strict=False
        ):
            file.seek(offset)
            file.write(text[: max(room - before, 0)])

    shared.open()
    shared.erase("gone")

    messages = FileJournal(shared.folder, fsync=False).read(0)
    assert [message["seq"] for message in messages] == [1, 2, 3, 4]
    assert [messages[0], messages[3]] == [message for call in others for message in call]
    assert {message["type"] for message in messages[1:3]} <= {"erased", "damaged"}
    left = segment.read_bytes().splitlines()[1:3]
    assert b"gone" not in segment.read_bytes()
    assert all(b"angry" not in line for line in left)


def test_erasing_moves_nobody_and_leaves_the_id_nowhere_in_the_store(store: ZarrStore) -> None:
    for _ in range(10):
        say(store.journal, "gone-call", times=2)
        say(store.journal, "stays", times=2)
    store.journal.read(0, call="gone-call")
    before = {path: path.read_bytes() for path in segments(store.layout.journal)}
    stays = scanned(store.layout.journal, "stays")

    store.journal.erase("gone-call")

    after = {path: path.read_bytes() for path in segments(store.layout.journal)}
    assert {path: len(content) for path, content in after.items()} == {path: len(content) for path, content in before.items()}
    assert scanned(store.layout.journal, "stays") == stays
    assert [path for path in store.layout.root.rglob("*") if path.is_file() and b"gone-call" in path.read_bytes()] == []


def test_old_events_are_dropped_file_by_file_and_numbers_go_on(tmp_path: Path) -> None:
    shared = Shared(tmp_path / "store")
    journal = shared.journals[0]
    say(journal, "old", times=20)
    now = datetime.now(UTC) + timedelta(seconds=1)
    say(journal, "new", times=20)
    newest = segments(shared.folder)[-1]

    dropped = (journal.drop_before(now - timedelta(days=1)), journal.drop_before(now), journal.drop_before(now))

    assert (dropped[0], dropped[2], segments(shared.folder)) == (0, 0, [newest])
    assert dropped[1] > 2
    kept = FileJournal(shared.folder, fsync=False, index=shared.index)
    assert kept.read(0, call="old") == []
    assert [message["seq"] for message in kept.read(0)] == list(range(int(newest.stem), 41))
    assert kept.append(StateChanged(call="x", emotion="a", previous="b", confidence=1, valence=0, arousal=0))["seq"] == 41


def test_a_store_drops_events_by_its_settings_and_keeps_frames(tmp_path: Path) -> None:
    say(store_at(tmp_path / "store").journal, "old", times=20)
    for path in segments(tmp_path / "store" / "journal"):
        path.write_text(path.read_text().replace('"recorded_at": "20', '"recorded_at": "19'))

    store_at(tmp_path / "store").let_go()
    kept = len(store_at(tmp_path / "store").journal.read(0))
    store_at(tmp_path / "store", journal_days=30).let_go()

    assert kept == 20
    assert 0 < len(store_at(tmp_path / "store").journal.read(0)) < 10
