"""What a page needs of a labelled call, whichever format the labels came in."""

from collections.abc import Sequence
from typing import Protocol

from monitor.events import Leg


class TrueSegment(Protocol):
    """A stretch of one leg in one emotion."""

    @property
    def leg(self) -> Leg:
        """Who spoke."""

    @property
    def start(self) -> float:
        """Seconds."""

    @property
    def end(self) -> float:
        """Seconds."""

    @property
    def emotion(self) -> str:
        """The label."""


class TrueChange(Protocol):
    """A moment at which a leg's emotion changed."""

    @property
    def leg(self) -> Leg:
        """Whose."""

    @property
    def time(self) -> float:
        """Seconds."""

    @property
    def before(self) -> str:
        """The label before it."""

    @property
    def after(self) -> str:
        """The label after it."""


class Truth(Protocol):
    """What is true of a call."""

    @property
    def segments(self) -> Sequence[TrueSegment]:
        """In the order of their start."""

    @property
    def changes(self) -> Sequence[TrueChange]:
        """In the order of time."""
