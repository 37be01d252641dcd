"""What every store does, in tests. They ask for a fixture `make_store`: how the store is opened.

It gives a function that opens the same store, empty at first, each time as another user of it would.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.analysis import load
from monitor.conformance.stored_calls import (
    FORMATS,
    STARTED,
    assert_as_written,
    assert_same_frames,
    frames_of,
    record_of,
)
from monitor.errors import ConfigError, NotFoundError, StoreError, TakenError
from monitor.events import CallEnded, Frames, Leg, Mark, StateChanged
from monitor.frame_format import LegFormat, without_embedding
from monitor.messages import RecordedMessage
from monitor.store.base import CallWriter, Store
from monitor.store.export import export_call
from monitor.store.sink_state import DeadLetter

MakeStore = Callable[[], Store]


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    """The store, opened once."""
    return make_store()


def write(writer: CallWriter, frames: int, call: str = "call-1", step: int = 25) -> CallWriter:
    for start in range(0, frames, step):
        for leg in FORMATS:
            writer.append(frames_of(call, leg, start, min(step, frames - start)))
    return writer


def stored_call(store: Store, call: str = "call-1", frames: int = 100, **changes: Any) -> None:
    write(store.create(record_of(call, **changes)), frames, call).finish("finished", {"customer": {"codec": "PCMU"}})


@pytest.mark.parametrize("count", [0, 1, 5, 25, 1499, 1500, 1501, 4003])
@pytest.mark.parametrize("step", [25, 1000])
def test_a_finished_call_gives_back_what_was_written(count: int, step: int, make_store: MakeStore) -> None:
    write(make_store().create(record_of()), count, step=step).finish("finished", {"customer": {"codec": "PCMU"}})

    stored = make_store().open("call-1")

    assert (stored.status, stored.reason) == ("complete" if count else "empty", "finished")
    assert stored.reports == {"customer": {"codec": "PCMU"}}
    assert stored.record == record_of()
    assert [stored.committed(leg) for leg in FORMATS] == [count, count]
    assert_as_written(stored)


@pytest.mark.parametrize("count", [0, 25, 1500, 1525, 3000])
def test_a_live_call_can_be_read_as_far_as_it_is_committed(count: int, make_store: MakeStore) -> None:
    writer = write(make_store().create(record_of()), count)

    stored = make_store().open("call-1")

    assert stored.status == "live"
    assert [stored.committed(leg) for leg in FORMATS] == [writer.committed(leg) for leg in FORMATS] == [count, count]
    assert_as_written(stored)


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (5, 7), (1490, 1510), (1500, 1500), (2000, 9999), (0, None), (9000, 9999)])
def test_any_stretch_can_be_read(start: int, stop: int | None, store: Store) -> None:
    write(store.create(record_of()), 2040)
    end = max(start, min(2040, 2040 if stop is None else stop))

    found = store.open("call-1").read("customer", start, stop)

    assert_same_frames(found, frames_of("call-1", "customer", start, end - start))


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (1490, 1510), (1500, 1500), (0, None), (9000, 9999)])
@pytest.mark.parametrize("closed", [True, False])
def test_results_are_the_same_frames_without_embeddings(closed: bool, start: int, stop: int | None, store: Store) -> None:
    writer = write(store.create(record_of()), 2040)
    if closed:
        writer.finish("finished", {})
    stored = store.open("call-1")

    assert_same_frames(stored.results("customer", start, stop), without_embedding(stored.read("customer", start, stop)))


def test_blocks_bring_the_legs_side_by_side_and_leave_nothing_out(store: Store) -> None:
    writer = write(store.create(record_of()), 1100)
    writer.append(frames_of("call-1", "agent", 1100, 13))

    blocks = list(store.open("call-1").blocks(seconds=10))

    assert [(block.leg, block.start, len(block)) for block in blocks] == [
        ("customer", 0, 500),
        ("agent", 0, 500),
        ("customer", 500, 500),
        ("agent", 500, 500),
        ("customer", 1000, 100),
        ("agent", 1000, 113),
    ]
    assert_same_frames(blocks[3], frames_of("call-1", "agent", 500, 500))


def test_a_leg_that_may_not_be_analysed_keeps_its_speech_alone(store: Store) -> None:
    silent: dict[Leg, LegFormat] = {"agent": LegFormat(dim=0, classes=0)}
    writer = store.create(record_of(legs=silent))
    writer.append(frames_of("call-1", "agent", 0, 50, silent["agent"]))
    writer.finish("finished", {})

    found = store.open("call-1").read("agent")

    assert (found.embedding.shape, found.logits.shape) == ((50, 0), (50, 0))
    assert_same_frames(found, frames_of("call-1", "agent", 0, 50, silent["agent"]))


def test_skipped_frames_stay_skipped(store: Store) -> None:
    frames = frames_of("call-1", "customer", 0, 25)
    skipped = replace(
        frames,
        embedding=np.full_like(frames.embedding, np.nan),
        logits=np.full_like(frames.logits, np.nan),
        speech=np.zeros_like(frames.speech),
        marks=np.full_like(frames.marks, Mark.SKIPPED),
    )
    writer = store.create(record_of())
    writer.append(skipped)
    writer.finish("finished", {})

    assert_same_frames(store.open("call-1").read("customer"), skipped)


def bad_frames(**changes: object) -> Frames:
    return replace(frames_of("call-1", "customer", 0, 25), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (frames_of("call-1", "customer", 25, 25), "leg customer ends at frame 0, got frames from 25"),
        (bad_frames(call="other"), "got other/customer"),
        (bad_frames(leg="mixed"), "got call-1/mixed"),
        (bad_frames(logits=np.zeros((25, 4), np.float32)), r"logits of leg customer must have shape \(25, 3\)"),
        (bad_frames(speech=np.full(25, np.nan, np.float32)), "speech probabilities that are not finite"),
        (bad_frames(logits=np.full((25, 3), np.nan, np.float32)), "logits that are not finite"),
        (bad_frames(embedding=np.full((25, 16), np.inf, np.float32)), "embeddings that are not finite"),
        (bad_frames(marks=np.full(25, 255, np.uint8)), "marks that no version wrote"),
        (bad_frames(embedding=np.full((25, 16), 0.1, np.float32)), "not rounded"),
    ],
)
def test_frames_that_do_not_belong_there_are_refused_and_change_nothing(frames: Frames, message: str, store: Store) -> None:
    writer = store.create(record_of())

    with pytest.raises(ValueError, match=message):
        writer.append(frames)

    assert writer.committed("customer") == 0


def test_an_id_is_taken_once(store: Store) -> None:
    stored_call(store)

    with pytest.raises(StoreError, match="a call of this id is in the store"):
        store.create(record_of(started_at=STARTED + timedelta(days=3)))


@pytest.mark.parametrize("call", ["../../etc", "a/b", ".hidden", ""])
def test_a_path_is_no_id(call: str, store: Store) -> None:
    stored_call(store)

    with pytest.raises(ConfigError, match="not a call id"):
        store.open(call)
    with pytest.raises(ConfigError, match="not a call id"):
        store.delete(call)
    with pytest.raises(ConfigError, match="not a call id"):
        store.create(record_of(call))


def test_unknown_calls_and_legs_are_not_found(store: Store) -> None:
    stored_call(store)

    with pytest.raises(NotFoundError, match="call other is not in this store"):
        store.open("other")
    with pytest.raises(NotFoundError, match="call other is not in this store"):
        store.delete("other")
    with pytest.raises(NotFoundError, match="call-1 has no leg mixed; it has customer, agent"):
        store.open("call-1").read("mixed")


def test_the_catalogue_lists_the_newest_call_first(store: Store) -> None:
    stored_call(store, "older", started_at=STARTED - timedelta(hours=1))
    stored_call(store, "newer", 50)
    writer = write(store.create(record_of("oldest", started_at=STARTED - timedelta(days=9))), 25, "oldest")

    lines = store.catalogue()

    assert [(line.id, line.status, line.seconds) for line in lines] == [
        ("newer", "complete", 1.0),
        ("older", "complete", 2.0),
        ("oldest", "live", 0.5),
    ]
    assert lines[0] == store.open("newer").summary()
    assert lines[0].legs == {"customer": 50, "agent": 50}
    assert lines[0].bytes > 50 * (16 * 2 + 3 * 4)
    assert lines[0].metadata == {"queue": "sales"}
    assert lines[2].legs == {leg: writer.committed(leg) for leg in FORMATS}


def test_the_ids_are_those_of_the_catalogue_and_each_has_its_line(make_store: MakeStore) -> None:
    store = make_store()
    before = store.ids()
    stored_call(make_store(), "one")
    writer = write(make_store().create(record_of("two")), 25, "two")

    during = store.ids()
    lines = [store.line("one"), store.line("two")]
    writer.finish("finished", {})
    make_store().delete("one")

    assert [sorted(ids) for ids in (before, during, store.ids())] == [[], ["one", "two"], ["two"]]
    assert [(line.id, line.status, line.seconds) for line in lines] == [("one", "complete", 2.0), ("two", "live", 0.5)]
    assert [store.line("two")] == store.catalogue()
    with pytest.raises(NotFoundError, match="call one is not in this store"):
        store.line("one")


def test_the_calls_whose_records_name_another_are_told(store: Store) -> None:
    for call, settings in (("plain", {}), ("learnt", {"learned": {"templates": [{"calls": ["plain"]}]}})):
        store.create(record_of(call, settings=settings)).finish("finished", {})

    assert "learnt" in store.naming("plain")
    assert set(store.naming("plain")) <= store.ids()


def test_a_store_without_calls_has_an_empty_catalogue(store: Store) -> None:
    assert store.catalogue() == []
    assert store.recover() == []


def test_a_deleted_call_is_gone_and_its_id_is_free(store: Store, tmp_path: Path) -> None:
    stored_call(store, "gone")
    stored_call(store, "stays")

    store.delete("gone")

    assert [line.id for line in store.catalogue()] == ["stays"]
    assert [path for path in tmp_path.rglob("*") if "gone" in path.name] == []
    stored_call(store, "gone")


def test_a_live_call_is_not_deleted(make_store: MakeStore) -> None:
    writer = write(make_store().create(record_of()), 25)

    with pytest.raises(StoreError, match="cannot delete call call-1: it is live"):
        make_store().delete("call-1")

    writer.finish("finished", {})
    assert_as_written(make_store().open("call-1"))


def test_a_closed_call_takes_no_further_frames(store: Store) -> None:
    writer = write(store.create(record_of()), 25)
    writer.finish("finished", {})

    with pytest.raises(ValueError, match="call call-1 is closed"):
        writer.append(frames_of("call-1", "customer", 25, 25))


def test_metadata_that_is_not_json_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not JSON with finite numbers"):
        store.create(record_of(metadata={"score": float("nan")}))

    assert store.catalogue() == []


def test_a_call_that_never_began_is_taken_back_and_its_id_is_free(store: Store, tmp_path: Path) -> None:
    writer = store.create(record_of("gone"))

    writer.discard()

    assert (store.catalogue(), store.is_written("gone")) == ([], False)
    assert [path for path in tmp_path.rglob("*") if "gone" in path.name] == []
    with pytest.raises(NotFoundError, match="call gone is not in this store"):
        store.open("gone")
    stored_call(store, "gone")


def test_of_those_who_take_an_id_at_once_one_has_it(make_store: MakeStore) -> None:
    stores = [make_store() for _ in range(4)]

    def create(store: Store) -> CallWriter | TakenError:
        try:
            return store.create(record_of())
        except TakenError as error:
            return error

    with ThreadPoolExecutor(len(stores)) as threads:
        results = list(threads.map(create, stores))

    writers = [one for one in results if isinstance(one, CallWriter)]
    assert (len(writers), len(results)) == (1, 4)
    write(writers[0], 25).finish("finished", {})
    assert_as_written(make_store().open("call-1"))


def test_a_call_is_written_until_it_is_let_go_of(make_store: MakeStore) -> None:
    writer = write(make_store().create(record_of()), 25)
    during = make_store().is_written("call-1")

    writer.close("finished", {})
    closed = make_store().is_written("call-1")
    writer.release()

    assert (during, closed, make_store().is_written("call-1"), make_store().is_written("other")) == (True, True, False, False)


@pytest.mark.parametrize(
    ("reason", "status"),
    [("finished", "complete"), ("stopped", "complete"), ("interrupted", "interrupted"), ("error: x", "interrupted")],
)
def test_only_a_call_that_was_heard_to_its_end_is_complete(reason: str, status: str, store: Store) -> None:
    write(store.create(record_of()), 25).finish(reason, {})

    stored = store.open("call-1")

    assert (stored.status, stored.reason) == (status, reason)


def test_a_call_that_was_opened_stays_as_it_was(store: Store) -> None:
    writer = write(store.create(record_of()), 50)
    before = store.open("call-1")

    writer.append(frames_of("call-1", "customer", 50, 25))

    assert (before.committed("customer"), len(before.read("customer"))) == (50, 50)
    assert store.open("call-1").committed("customer") == 75


def test_what_is_written_later_to_the_arrays_of_frames_is_not_stored(store: Store) -> None:
    writer = store.create(record_of())
    frames = frames_of("call-1", "customer", 0, 25)
    writer.append(frames)

    frames.logits[:] = 7
    frames.embedding[:] = 7

    assert_same_frames(store.open("call-1").read("customer"), frames_of("call-1", "customer", 0, 25))


def test_a_call_is_copied_out_as_files(store: Store, tmp_path: Path) -> None:
    stored_call(store, frames=75)
    store.journal.append(state("call-1"))
    folder = tmp_path / "out"

    names = export_call(store, "call-1", folder)

    levels = [f"{leg}/level.npy" for leg in FORMATS if store.open("call-1").results(leg).level is not None]
    assert names == sorted(
        ["call.json", "events.jsonl", *levels]
        + [f"{leg}/{name}" for leg in FORMATS for name in ("embedding.npy", "result.json", "utterance.npy")]
    )
    np.testing.assert_array_equal(load(folder / "customer").vectors, frames_of("call-1", "customer", 0, 75).embedding)
    told = json.loads((folder / "call.json").read_bytes())
    assert {key: told[key] for key in ("call", "status", "reason", "committed", "metadata")} == {
        "call": "call-1",
        "status": "complete",
        "reason": "finished",
        "committed": {"customer": 75, "agent": 75},
        "metadata": {"queue": "sales"},
    }


def test_a_store_that_takes_calls_says_so_and_is_there_once_it_has_one(store: Store) -> None:
    stored_call(store)

    assert (store.exists(), store.takes_calls(), bool(store.place)) == (True, True, True)


def test_a_store_may_be_served_again_after_it_was(make_store: MakeStore) -> None:
    with make_store().serving():
        stored_call(make_store())
    with make_store().serving(), make_store().recovering():
        assert make_store().recover() == []


def state(call: str = "call-1", **changes: Any) -> StateChanged:
    """An event."""
    fields = {"leg": "customer", "time": 1.0, "at": 1.5, "emotion": "angry", "previous": "neutral", "confidence": 0.75}
    return StateChanged(call=call, **{"valence": -0.5, "arousal": 0.5, **fields, **changes})


class TestJournal:
    """The journal of a store."""

    def test_an_event_is_numbered_and_says_when_it_was_recorded(self, make_store: MakeStore) -> None:
        event = state(confidence=np.float32(0.25), previous="überrascht")

        message = make_store().journal.append(event)

        assert (message["seq"], make_store().journal.last) == (1, 1)
        assert datetime.fromisoformat(message["recorded_at"]).tzinfo is not None
        assert {**event.as_message(), "confidence": 0.25}.items() <= message.items()
        assert make_store().journal.read(0) == [message]

    def test_an_empty_one_ends_at_0(self, store: Store) -> None:
        assert (store.journal.last, store.journal.read(0)) == (0, [])

    def test_what_json_cannot_say_is_refused_and_takes_no_number(self, store: Store) -> None:
        with pytest.raises(StoreError, match="cannot write a state event of call call-1"):
            store.journal.append(state(confidence=float("nan")))

        assert store.journal.append(state())["seq"] == 1

    def test_messages_are_read_from_a_number_of_a_call_of_some_types_and_so_many(self, store: Store) -> None:
        ended = CallEnded(call="one", reason="finished", legs={})
        for event in (state("one"), state("two"), ended, state("one"), state("two")):
            store.journal.append(event)

        def found(since: int, **conditions: Any) -> list[int]:
            return [message["seq"] for message in store.journal.read(since, **conditions)]

        assert (found(0), found(3), found(5), found(99), found(-1)) == ([1, 2, 3, 4, 5], [4, 5], [], [], [1, 2, 3, 4, 5])
        assert (found(0, call="one"), found(1, call="two", limit=1)) == ([1, 3, 4], [2])
        assert (found(0, types=("call_ended",)), found(0, types=()), found(0, limit=2)) == ([3], [], [1, 2])

    def test_threads_that_append_at_once_leave_no_hole_and_are_told_in_order(self, store: Store) -> None:
        heard: list[int] = []
        store.journal.listen(lambda message: heard.append(message.seq))

        with ThreadPoolExecutor(8) as threads:
            numbers = list(threads.map(lambda index: store.journal.append(state(f"call-{index}"))["seq"], range(64)))

        assert sorted(numbers) == heard == [message["seq"] for message in store.journal.read(0)] == list(range(1, 65))

    def test_a_listener_is_told_until_it_stops_and_one_that_fails_stops_nobody(self, store: Store) -> None:
        heard: list[int] = []

        def fail(message: RecordedMessage) -> None:
            raise RuntimeError("a client's fault")

        store.journal.listen(fail)
        stop = store.journal.listen(lambda message: heard.append(message.seq))
        store.journal.append(state())
        stop()
        stop()
        store.journal.append(state())

        assert (heard, store.journal.last) == ([1], 2)

    def test_another_user_of_the_store_hears_of_what_was_appended_when_it_refreshes(self, make_store: MakeStore) -> None:
        ours, theirs = make_store().journal, make_store().journal
        heard: list[int] = []
        ours.listen(lambda message: heard.append(message.seq))

        theirs.append(state())
        ours.refresh()

        assert (heard, ours.last) == ([1], 1)

    def test_an_erased_call_leaves_numbers_alone(self, make_store: MakeStore) -> None:
        journal = make_store().journal
        for call in ("stays", "gone", "gone", "stays"):
            journal.append(state(call))

        erased = (journal.erase("gone"), journal.erase("gone"))

        after = make_store().journal
        assert erased == (2, 0)
        assert [message["type"] for message in after.read(0)] == ["state", "erased", "erased", "state"]
        assert after.read(1, limit=1) == [{"seq": 2, "type": "erased"}]
        assert (after.read(0, call="gone"), after.append(state())["seq"]) == ([], 5)

    def test_a_deleted_call_is_erased_here_too(self, store: Store) -> None:
        stored_call(store)
        store.journal.append(state("call-1"))

        store.delete("call-1")

        assert store.journal.read(0) == [{"seq": 1, "type": "erased"}]

    def test_a_call_of_which_only_events_are_left_can_be_deleted(self, store: Store) -> None:
        store.journal.append(state("call-1"))

        store.delete("call-1")

        assert store.journal.read(0, call="call-1") == []


class TestSinkState:
    """What a store keeps for sinks."""

    def test_a_position_is_there_for_the_next_that_asks(self, make_store: MakeStore) -> None:
        before = make_store().sink_state("desk").position()

        make_store().sink_state("desk").settle(812)

        assert (before, make_store().sink_state("desk").position()) == (None, 812)
        assert (make_store().sink_state("other").position(), "desk" in make_store().sinks()) == (None, True)

    def test_dead_letters_are_kept_in_the_order_of_events_and_taken_out(self, make_store: MakeStore) -> None:
        letters = make_store().sink_state("desk").letters
        added = [letters.add(letter(seq), lambda: True) for seq in (9, 7, 7)]

        kept = make_store().sink_state("desk").letters.read()
        letters.remove({7, 4})

        assert (added, kept) == ([True] * 3, [letter(7), letter(9)])
        assert make_store().sink_state("desk").letters.read() == [letter(9)]

    def test_a_letter_whose_event_was_erased_meanwhile_is_not_kept(self, store: Store) -> None:
        letters = store.sink_state("desk").letters

        assert (letters.add(letter(1), lambda: False), letters.read()) == (False, [])

    def test_the_letters_of_a_deleted_call_go_with_it(self, make_store: MakeStore) -> None:
        stored_call(make_store())
        make_store().sink_state("desk").letters.add(letter(1), lambda: True)
        make_store().sink_state("desk").letters.add(letter(2, "stays"), lambda: True)

        make_store().delete("call-1")

        assert make_store().sink_state("desk").letters.read() == [letter(2, "stays")]


def letter(seq: int, call: str = "call-1") -> DeadLetter:
    """An event that was given up."""
    return DeadLetter(seq, "2026-03-01T09:30:00+00:00", 3, "410 Gone", {"seq": seq, "type": "alert", "call": call})
