"""One leg's queue between who pushes its audio and who pulls it."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from monitor.audio.chunk import AudioChunk
from monitor.events import Leg
from monitor.sources.channels import Cause, LegAudio
from monitor.sources.decode.raw import SUBTYPES, Encoding, decode_raw


@dataclass(slots=True)
class Missing:
    """Samples that were not sent."""

    samples: int
    cause: Cause


class Lane:
    """One leg's way through. Positions are samples at the sender's rate."""

    def __init__(self, leg: Leg, rate: int, encoding: Encoding) -> None:
        self.audio = LegAudio(leg, rate, encoding, "a connection")
        self.placed = 0
        """Where the last of what was pushed ends."""
        self.pushed = 0
        """The same, or where silence ends that was put in since."""
        self.taken = 0
        self.messages = 0
        self.overflowed = 0
        self.heard = False
        """Whether anything was said of it."""
        self.pieces: deque[bytes | Missing] = deque()
        self._encoding = encoding
        self._width = SUBTYPES[encoding][1]

    @property
    def waiting(self) -> int:
        """Samples that were pushed and not taken."""
        return self.pushed - self.taken

    def count(self, data: bytes) -> int:
        """Whole samples in `data`."""
        return len(data) // self._width

    def put(self, piece: bytes | Missing, samples: int) -> None:
        """Append."""
        last = self.pieces[-1] if self.pieces else None
        if isinstance(piece, Missing) and isinstance(last, Missing) and last.cause == piece.cause:
            last.samples += samples
        else:
            self.pieces.append(piece)
        self.pushed += samples
        self.placed = self.pushed

    def take(self, samples: int) -> tuple[bytes | Cause, int] | None:
        """Up to so many samples of one sort, and how many they are; None where there are none."""
        if not self.pieces or samples <= 0:
            return None
        if isinstance(first := self.pieces[0], Missing):
            count = min(first.samples, samples)
            first.samples -= count
            if first.samples == 0:
                self.pieces.popleft()
            self.taken += count
            return first.cause, count
        joined: list[bytes] = []
        room = samples * self._width
        while room and self.pieces and isinstance(piece := self.pieces[0], bytes):
            joined.append(piece[:room])
            room -= len(joined[-1])
            if len(joined[-1]) < len(piece):
                self.pieces[0] = piece[len(joined[-1]) :]
            else:
                self.pieces.popleft()
                self.messages += 1
        data = b"".join(joined)
        self.taken += self.count(data)
        return data, self.count(data)

    def chunk(self, piece: bytes | Cause, samples: int) -> AudioChunk:
        """What was taken, as audio of the call."""
        if isinstance(piece, bytes):
            return self.audio.push(decode_raw(piece, self._encoding, 1)[:, 0])
        return self.audio.push_missing(np.zeros(samples, np.float32), piece)
