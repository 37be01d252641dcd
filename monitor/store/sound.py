"""The sound that was kept of a call, as one FLAC file that is made while it is sent: in the same memory, however long it is.

Sample 0 of each leg is the start of its frame 0, so legs side by side are aligned to the call.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import SEEK_CUR, SEEK_END, SEEK_SET

import numpy as np
import soundfile

from monitor.errors import ConfigError, NotFoundError, StoreError
from monitor.events import LEGS, Leg
from monitor.store import flac
from monitor.store.base import StoredCall
from monitor.timeline import SAMPLE_RATE, sample_seconds

BLOCK = 4 * SAMPLE_RATE
"""Samples that are read at a time."""
_LONGEST = 2**36
"""Samples a FLAC file can say that it has; one that was cut off says nothing, which is read as more."""


class NoSoundError(NotFoundError):
    """No sound was kept of a leg, or it is not whole yet."""


def legs_with_sound(stored: StoredCall) -> tuple[Leg, ...]:
    """Whose sound can be had; of a call in progress none can."""
    if stored.status == "live":
        return ()
    found = []
    for leg in LEGS:
        if leg in stored.record.legs and (sound := stored.audio(leg)) is not None:
            sound[1].close()
            found.append(leg)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of the call, in samples; it goes on to the end where `stop` is None."""

    start: int = 0
    stop: int | None = None

    @classmethod
    def of(cls, begin: float, end: float | None) -> "Cut":
        """Of seconds."""
        return cls(round(begin * SAMPLE_RATE), None if end is None else round(end * SAMPLE_RATE))


def sound_of(stored: StoredCall, legs: Sequence[Leg], cut: Cut) -> Iterator[bytes]:
    """A FLAC file of 16 kHz and 16 bits, a channel a leg, in the order given; a leg that is shorter ends in silence.

    Raises `NoSoundError` where a leg has none, `ConfigError` where nothing lies in the stretch, and `StoreError` where it
    cannot be read, before anything is given.
    """
    if stored.status == "live":
        raise NoSoundError(f"call {stored.record.id} is in progress: its sound can be had once it is over")
    with ExitStack() as opened:
        tracks = [_open(stored, leg, opened) for leg in legs]
        longest = max(track.frames for track in tracks)
        stop = longest if cut.stop is None else min(cut.stop, longest)
        if cut.start >= stop:
            ends = f"the sound ends at {sample_seconds(longest):g} s"
            raise ConfigError(f"nothing is heard from {sample_seconds(cut.start):g} s to {sample_seconds(stop):g} s: {ends}")
        for track in tracks:
            track.seek(min(cut.start, track.frames))
        return _encoded(tracks, stop - cut.start, opened.pop_all())


def _open(stored: StoredCall, leg: Leg, opened: ExitStack) -> soundfile.SoundFile:
    sound = stored.audio(leg)
    if sound is None:
        raise NoSoundError(f"no sound was kept of leg {leg} of call {stored.record.id} (store.audio in the configuration)")
    file = opened.enter_context(sound[1])
    try:
        track = opened.enter_context(soundfile.SoundFile(file))
    except soundfile.LibsndfileError as error:
        raise StoreError(f"the sound of leg {leg} of call {stored.record.id} cannot be read: {error.error_string}") from None
    if track.frames > _LONGEST:
        raise StoreError(f"the sound of leg {leg} of call {stored.record.id} was cut off: start the service, which mends it")
    return track


def _encoded(tracks: Sequence[soundfile.SoundFile], samples: int, opened: ExitStack) -> Iterator[bytes]:
    with opened:
        stream = _Stream(samples)
        encoder = soundfile.SoundFile(stream, "w", SAMPLE_RATE, len(tracks), format="FLAC", subtype="PCM_16")
        for done in range(0, samples, BLOCK):
            block = np.zeros((min(BLOCK, samples - done), len(tracks)), np.int16)
            for channel, track in enumerate(tracks):
                heard = track.read(len(block), dtype="int16")
                block[: len(heard), channel] = heard
            encoder.write(block)
            yield stream.take()
        encoder.close()
        yield stream.take()


class _Stream:
    """Where the encoder writes: a file whose beginning is gone. What it would correct there at its end is known before."""

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._waiting = bytearray()
        self._position = self._size = self._given = 0

    def write(self, data: bytes) -> int:
        """Take bytes that follow; others are the corrections."""
        content = bytes(data)
        if self._position == self._size:
            self._waiting += content
            self._size += len(content)
        self._position += len(content)
        return len(content)

    def take(self) -> bytes:
        """What came since the last time."""
        taken, self._waiting = bytes(self._waiting), bytearray()
        if self._given == 0 and len(taken) >= flac.OFFSET + flac.LENGTH:
            end = flac.OFFSET + flac.LENGTH
            taken = taken[: flac.OFFSET] + flac.with_length(taken[flac.OFFSET : end], self._samples) + taken[end:]
        self._given += len(taken)
        return taken

    def read(self, size: int) -> bytes:
        """Nothing can be read."""
        return b""

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move the position."""
        self._position = offset + {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self._size}[whence]
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position
