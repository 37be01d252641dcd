"""Puts fragmented IP packets together again (RFC 791, section 3.2; RFC 8200, section 4.5), within bounds."""

from collections import Counter
from dataclasses import dataclass, field

MAX_HELD = 256
"""Packets that are not complete, at a time: 16 MiB at most. The oldest is given up."""
MAX_AGE = 30.0
"""Seconds after which a packet that is not complete is given up; RFC 1122 asks for 60 to 120, links have become faster."""
MAX_PIECES = 64
"""Fragments of a packet; the largest packet has 45 over an Ethernet."""
MAX_SIZE = 65_535
_MAX_PAIRS = 4_096

Hosts = tuple[str, str]
"""Source and destination."""
Key = tuple[Hosts, int, int]
"""Hosts, identification, protocol."""


@dataclass(slots=True)
class _Partial:
    began: float
    pieces: dict[int, bytes] = field(default_factory=dict)
    total: int | None = None

    def whole(self) -> bytes | None:
        """The payload, once no hole is left. Where pieces overlap, what is further ahead yields."""
        if self.total is None:
            return None
        payload = bytearray()
        for offset in sorted(self.pieces):
            if offset > len(payload):
                return None
            payload += self.pieces[offset][len(payload) - offset :]
        return bytes(payload[: self.total]) if len(payload) >= self.total else None


class Fragments:
    """Holds fragments until their packet is complete."""

    def __init__(self) -> None:
        self._held: dict[Key, _Partial] = {}
        self._given_up: Counter[Hosts] = Counter()

    def add(self, key: Key, offset: int, more: bool, data: bytes, at: float) -> bytes | None:
        """Take a fragment captured at `at` seconds; `offset` in bytes, `more`: it is not the last.

        The packet's payload where it is complete now, else None.
        """
        self._forget(at)
        partial = self._held.setdefault(key, _Partial(at))
        if offset + len(data) > MAX_SIZE or len(partial.pieces) >= MAX_PIECES:
            self._give_up(key)
            return None
        partial.pieces.setdefault(offset, data)
        if not more:
            partial.total = offset + len(data)
        payload = partial.whole()
        if payload is not None:
            del self._held[key]
        elif len(self._held) > MAX_HELD:
            self._give_up(next(iter(self._held)))
        return payload

    def incomplete(self, hosts: Hosts) -> int:
        """Packets between two hosts of which a part is missing. From any thread."""
        return self._given_up[hosts] + sum(key[0] == hosts for key in [*self._held])

    def _forget(self, now: float) -> None:
        while self._held:
            oldest = next(iter(self._held))
            if now - self._held[oldest].began <= MAX_AGE:
                return
            self._give_up(oldest)

    def _give_up(self, key: Key) -> None:
        del self._held[key]
        if key[0] in self._given_up or len(self._given_up) < _MAX_PAIRS:
            self._given_up[key[0]] += 1
