"""What every store keeps for sinks, in tests: part of the suite `stores.py`."""

from monitor.conformance.stored_calls import MakeStore, stored_call
from monitor.store.base import Store
from monitor.store.sink_state import DeadLetter


def letter(seq: int, call: str = "call-1") -> DeadLetter:
    """An event that was given up."""
    return DeadLetter(seq, "2026-03-01T09:30:00+00:00", 3, "410 Gone", {"seq": seq, "type": "alert", "call": call})


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
