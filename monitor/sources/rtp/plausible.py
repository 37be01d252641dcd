"""Whether payloads are what their codec makes, or noise: encrypted (SRTP, RFC 3711), or of another codec.

Nothing here knows of calls or sockets. Encrypted octets are uniform and independent, and those of a sampling codec are not:
amplitudes of a voice, of music, even of white noise are not spread evenly over the steps of G.711, and their signs do not
change at random. How far octets are from random is counted in standard deviations of random ones. On 48 minutes of calls,
music, tones and noise, 0.2 s was never nearer than 7 deviations, and 96 to 99.9 % of single packets were further than 6; of
400,000 random packets none was. Opus looks random by design, but for the octet with which every packet begins.
"""

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor.audio.codecs import Encoding
from monitor.audio.codecs.g711 import TABLES

Finding = Literal["sound", "unsure", "noise"]

ENOUGH = 2_400
"""Octets (0.3 s of G.711) that look random, all together, before they are called noise."""
ENOUGH_TAGGED = 480
"""Octets, likewise, where every packet is longer than its timestamps say by what SRTP appends."""
TAGS = frozenset({4, 8, 10, 14, 16, 20})
"""Octets of SRTP's authentication tag (RFC 3711, section 5.2; RFC 7714), with and without a key identifier of four."""
_SIGNS = bytes(octet >> 7 for octet in range(256))
_PART, _PART_AGAIN = 6.0, 8.0
"""Deviations from random from which octets are a sound; once they were noise, in one packet by itself."""
_LOUD = bytes(octet for octet in range(256) if not octet & 0x40)
"""Octets of the upper half of the levels, the same in both laws: the wrong one exchanges levels within each half."""
_LOUD_SHARE = 0.15
"""Of a packet's samples, from which it says something about the law."""
_SMOOTH = 1.0
"""Mean step over mean size of samples. Rougher packets (high tones, hiss) say nothing about the law."""
_WRONG_LAW = -3.0
"""Sum of log ratios by which the other law makes the smoother wave: some ten loud packets. The right one stays near zero."""
_MARGIN = 0.2
"""In favour of what is believed, each packet."""
_SETTLED, _SETTLED_EVERY = 10, 4
"""Loud packets in a row that speak for what is believed, after which one in so many is looked at."""
_RECENT = 8
"""Packets of Opus back to which a first octet must have been seen. Senders use one to three."""
_UNSEEN = -8
"""Score of Opus packets that is noise: each of a new kind takes one off, each of a known kind gives two."""
_KNOWN_AGAIN = 5
"""Packets of known kinds in a row that are Opus again; of random ones, one in thirty is."""


class Evidence(ABC):
    """Hears one stream's payloads in order."""

    cause = ""
    """Why what was heard is noise, for people."""

    @abstractmethod
    def hear(self, payload: bytes, excess: int | None = None, different: int | None = None) -> Finding:
        """Take the next payload; say what it is, together with those before it that left one unsure.

        `excess`: octets by which it is longer than its timestamps say, where that is known. `different`: see `different`.
        """

    def different(self, payloads: Sequence[bytes]) -> Sequence[int | None]:
        """How many different values each payload has, of those that are looked at; None where that is to be counted singly."""
        return [None] * len(payloads)


def evidence_for(encoding: Encoding) -> Evidence | None:
    """What tells an encoding's payloads from noise; None where nothing does."""
    match encoding.name:
        case "pcmu" | "pcma":
            return _G711(encoding.name)
        case "g722":
            return _Octets("g722")
        case "l16":
            return _Octets("l16", every=2)
        case "opus":
            return _Opus()
        case _:
            return None


class _Octets(Evidence):
    """Whether octets are uniform and independent. `every` 2 looks at the upper octets of big-endian samples alone."""

    def __init__(self, codec: str, every: int = 1) -> None:
        self._codec, self._every = codec, every
        self._noise = False
        self._forget()

    def _forget(self) -> None:
        self._count = np.zeros(256, np.int64)
        self._total = self._pairs = self._equal = 0
        self._excess: set[int | None] = set()

    def hear(self, payload: bytes, excess: int | None = None, different: int | None = None) -> Finding:
        """See `Evidence`."""
        octets = payload[:: self._every]
        if not octets:
            return "noise" if self._noise else "sound"
        if (len(set(octets)) if different is None else different) < fewest_different(len(octets)):
            return self._sound()
        self._add(octets)
        self._excess.add(excess)
        if self._deviations() > (_PART_AGAIN if self._noise else _PART):
            return self._sound()
        tag = self._tag()
        if not self._noise and self._total < (ENOUGH_TAGGED if tag else ENOUGH):
            return "unsure"
        if not self._noise:
            self.cause = (
                f"it is encrypted (SRTP): its packets are {tag} octets longer than their timestamps say, and random"
                if tag
                else f"it is encrypted or not {self._codec}: its octets are random"
            )
        self._noise = True
        self._forget()
        return "noise"

    def different(self, payloads: Sequence[bytes]) -> Sequence[int | None]:
        """See `Evidence`."""
        count, length = len(payloads), len(payloads[0])
        if count == 1 or any(len(payload) != length for payload in payloads):
            return super().different(payloads)
        octets = np.frombuffer(b"".join(payloads), np.uint8).reshape(count, length)[:, :: self._every]
        seen = np.zeros((count, 256), bool)
        seen.ravel()[octets + 256 * np.arange(count)[:, None]] = True
        counted: list[int] = seen.sum(axis=1).tolist()
        return counted

    def _sound(self) -> Finding:
        self._noise = False
        if self._pairs:
            self._forget()
        return "sound"

    def _add(self, octets: bytes) -> None:
        self._total += len(octets)
        self._count += np.bincount(np.frombuffer(octets, np.uint8), minlength=256)
        signs, pairs = octets.translate(_SIGNS), len(octets) - 1
        self._pairs += pairs
        self._equal += pairs - signs.count(b"\0\1") - signs.count(b"\1\0")

    def _tag(self) -> int | None:
        """The length of SRTP's tag where every packet whose length could be checked has one."""
        lengths = self._excess - {None}
        [length] = lengths if len(lengths) == 1 else {None}
        return length if length in TAGS else None

    def _deviations(self) -> float:
        """The larger of two distances from random: how often octets are alike, and how often successive signs are."""
        expected = self._total * (self._total - 1) / 512
        pairs = int(self._count @ self._count) - self._total  # of like octets, each counted from both
        alike = (pairs / 2 - expected) / math.sqrt(max(expected, 1))
        signs = abs(self._equal - self._pairs / 2) / math.sqrt(max(self._pairs, 1) / 4)
        return max(alike, signs)


class _G711(Evidence):
    """Whether octets are random, or make a smoother wave by the other law than by the one declared."""

    def __init__(self, law: str) -> None:
        self._octets = _Octets(law)
        self._law, self._other = law, "pcma" if law == "pcmu" else "pcmu"
        self._tables = np.stack([TABLES[self._law], TABLES[self._other]])
        self._score = 0.0
        self._wrong = False
        self._loud = self._for = 0
        """Loud packets; those in a row that spoke for what is believed."""

    def different(self, payloads: Sequence[bytes]) -> Sequence[int | None]:
        """See `Evidence`."""
        return self._octets.different(payloads)

    def hear(self, payload: bytes, excess: int | None = None, different: int | None = None) -> Finding:
        """See `Evidence`."""
        finding = self._octets.hear(payload, excess, different)
        if finding == "noise" or (finding == "unsure" and not self._wrong):
            self.cause = self._octets.cause
            return finding
        self._compare_laws(payload)
        if self._wrong:
            self.cause = f"it is {self._other}, but {self._law} is declared"
        return "noise" if self._wrong else "sound"

    def _compare_laws(self, payload: bytes) -> None:
        if len(payload) - len(payload.translate(None, _LOUD)) < _LOUD_SHARE * len(payload):
            return
        self._loud += 1
        if self._for >= _SETTLED and self._loud % _SETTLED_EVERY:
            return
        octets = np.frombuffer(payload, np.uint8)
        declared, other = _roughness(self._tables.take(octets, axis=1))
        if min(declared, other) > _SMOOTH:
            return
        evidence = math.log(other / declared) + (-_MARGIN if self._wrong else _MARGIN)
        self._for = 0 if (evidence < 0) != self._wrong else self._for + 1
        self._score = min(0.0, max(_WRONG_LAW, self._score + evidence * len(payload) / 160))
        self._wrong = self._score <= _WRONG_LAW or (self._wrong and self._score < 0)


class _Opus(Evidence):
    """Whether packets are of few kinds: their first octet says mode, band, length and channels (RFC 6716, section 3.1)."""

    cause = "it is encrypted or not opus: each of its packets is of another kind"

    def __init__(self) -> None:
        self._recent: deque[int] = deque(maxlen=_RECENT)
        self._score = 0
        self._known = 0
        self._noise = False

    def hear(self, payload: bytes, excess: int | None = None, different: int | None = None) -> Finding:
        """See `Evidence`."""
        if not payload:
            return "noise" if self._noise else "sound"
        known = payload[0] in self._recent
        self._recent.append(payload[0])
        self._known = self._known + 1 if known else 0
        self._score = min(0, max(_UNSEEN, self._score + (2 if known else -1)))
        self._noise = self._score == _UNSEEN or (self._noise and self._known < _KNOWN_AGAIN)
        if self._noise:
            return "noise"
        if self._known >= _KNOWN_AGAIN:
            self._score = 0
        return "unsure" if self._score < 0 else "sound"


@cache
def fewest_different(octets: int) -> float:
    """So few different values are not found among random octets: six deviations below the mean.

    >>> round(fewest_different(160)), fewest_different(0)
    (94, 0.0)
    """
    empty = math.exp(-octets / 256)
    deviation = math.sqrt(max(256 * (empty - (1 + octets / 256) * empty**2), 0))
    return 256 * (1 - empty) - 6 * deviation


def _roughness(waves: NDArray[np.float32]) -> list[float]:
    """Mean step over mean size of each wave, shape (waves, n); of one that stands still, little, so that it says nothing."""
    steps = np.add.reduce(np.abs(waves[:, 1:] - waves[:, :-1]), axis=1)
    sizes = np.add.reduce(np.abs(waves), axis=1) + 1e-6
    return [max(step / size, 0.02) for step, size in zip(steps.tolist(), sizes.tolist(), strict=True)]
