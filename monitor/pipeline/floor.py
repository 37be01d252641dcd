"""Who has had the floor of a call: for how long nobody did, and for how long both at once."""

from dataclasses import dataclass


@dataclass(slots=True)
class Floor:
    """Followed by the analysis of a call; read by others at any moment.

    >>> floor = Floor()
    >>> floor.hear(0.1, speaks=True)
    >>> floor.hear(0.9, speaks=False)
    >>> round(floor.silence, 1)
    0.8
    """

    overtalk: int = 0
    """Ticks so far in which customer and agent both spoke, short gaps between words included."""
    _spoke: float = 0.0
    _end: float = 0.0

    def hear(self, end: float, *, speaks: bool) -> None:
        """A tick of a leg ends at so many seconds of the call."""
        self._end = max(self._end, end)
        if speaks:
            self._spoke = max(self._spoke, end)

    @property
    def silence(self) -> float:
        """Seconds since anybody spoke, or since the call began."""
        return self._end - self._spoke
