"""What the journal of every store does, in tests: part of the suite `stores.py`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from monitor.conformance.stored_calls import MakeStore, stored_call
from monitor.errors import StoreError
from monitor.events import CallEnded, StateChanged
from monitor.messages import RecordedMessage
from monitor.store.base import Store


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
