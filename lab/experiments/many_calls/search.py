"""The greatest load that each of some variants carries, searched for in turn: what the machine does meanwhile meets all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lab.capacity.bisection import Bisection
from lab.experiments.many_calls.load import Variant


@dataclass(frozen=True, slots=True)
class Guess:
    """Where the answer of a variant is thought to be."""

    variant: Variant
    low: int
    """Calls that are thought to be carried ..."""
    high: int
    """... and those that are not."""


def in_turn(
    guesses: Sequence[Guess], repetitions: int, precision: float, carries: Callable[[Variant, int], bool]
) -> Mapping[Variant, Sequence[int]]:
    """The greatest load of each variant, of each repetition; 0 where none was carried.

    Variants try one load each, in turn, until each knows. A further repetition begins about what the one before has found.
    """
    found: dict[Variant, list[int]] = {guess.variant: [] for guess in guesses}
    for _ in range(repetitions):
        searches = {guess.variant: _search(guess, found[guess.variant], precision) for guess in guesses}
        while any(search.next is not None for search in searches.values()):
            for variant, search in searches.items():
                if (calls := search.next) is not None:
                    search.tell(carried=carries(variant, calls))
        for variant, search in searches.items():
            found[variant].append(search.found)
    return found


def _search(guess: Guess, before: Sequence[int], precision: float) -> Bisection:
    if before and before[-1] > 1:
        return Bisection.around(before[-1], precision)
    return Bisection(guess.low, guess.high, precision)
