"""What a decoder of audio files is."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor.errors import SourceError


class NotAudio(Exception):
    """A decoder finds nothing in the file that it could decode; the text says what it met."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Consecutive samples of all channels."""

    samples: NDArray[np.float32]
    """Shape (n, channels), nominally in [-1, 1]; may hold NaN or infinity where the file does."""
    missing: Literal["lost", "silence"] | None = None
    """Why these are zeros put in for audio that the file does not hold; None where they are the file's own."""


class Decoder(ABC):
    """A file being decoded. What it holds is never in memory whole."""

    rate: int
    """Hz."""
    channels: int
    codec: str

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """The audio in blocks of at most a second. Raises `SourceError` after the last good one where the file is damaged."""

    def stop(self) -> None:  # noqa: B027 - most decoders never wait
        """End `blocks` soon, from any thread, where it waits for more."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""


def reblock(blocks: Iterator[Block], size: int) -> Iterator[Block]:
    """The same audio in blocks of `size` samples, shorter only before a change of `missing`, an error and the end."""
    held: list[NDArray[np.float32]] = []
    length = 0
    missing = None
    try:
        for block in blocks:
            if held and block.missing != missing:
                yield Block(np.concatenate(held), missing)
                held, length = [], 0
            missing = block.missing
            held.append(block.samples)
            length += len(block.samples)
            if length >= size:
                joined = np.concatenate(held)
                whole = length // size * size
                for start in range(0, whole, size):
                    yield Block(joined[start : start + size], missing)
                held, length = [joined[whole:]], length - whole
    except SourceError:
        if length:
            yield Block(np.concatenate(held), missing)
        raise
    if length:
        yield Block(np.concatenate(held), missing)
