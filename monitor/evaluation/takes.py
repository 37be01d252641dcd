"""What is to be heard: a recording, whose voice is on which channel, and how it reaches the pipeline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from monitor.audio.chunk import AudioChunk, Samples
from monitor.events import Leg, LegReport
from monitor.sources.base import Source
from monitor.sources.file import FileSource
from monitor.timeline import SAMPLE_RATE, sample_seconds

BLOCK_SAMPLES = SAMPLE_RATE // 2
"""Samples a chunk, as a file is taken."""


@dataclass(frozen=True, slots=True)
class Take:
    """One recording to be heard. Small, so that it can be sent to another process."""

    path: Path
    legs: tuple[Leg, ...] | None = None
    """The leg of each channel; default as `run` does: `mixed` for one channel, customer and agent for two."""
    one_speaker: bool = False
    """All channels are the same voice: they become the one leg `legs` names, default customer."""

    def open(self) -> Source:
        """The take as a source. Raises `SourceError` where the file is no audio, `ConfigError` where legs do not fit it."""
        if self.one_speaker:
            return PreparedSource(str(self.path), _one_voice(self.path, (self.legs or ("customer",))[0]))
        return FileSource(self.path, self.legs)


class PreparedSource(Source):
    """Legs that are in memory, handed on as a file's."""

    kind: ClassVar[str] = "prepared"

    def __init__(self, description: str, legs: Mapping[Leg, Samples]) -> None:
        """`legs`: each shape (n,), 16 kHz float32, of one length."""
        self.description = description
        self.legs = tuple(legs)
        self.realtime = False
        self._audio = legs
        self._given = 0
        self._stopped = False

    def chunks(self) -> Iterator[AudioChunk]:
        """Half a second of each leg at a time."""
        for start in range(0, max(len(samples) for samples in self._audio.values()), BLOCK_SAMPLES):
            if self._stopped:
                return
            for leg, samples in self._audio.items():
                yield AudioChunk(leg, start, samples[start : start + BLOCK_SAMPLES])
            self._given = start + BLOCK_SAMPLES

    def stop(self) -> None:
        """End `chunks` after the block at hand."""
        self._stopped = True

    def report(self) -> Mapping[Leg, LegReport]:
        """What became of each leg so far."""
        return {leg: LegReport(seconds=sample_seconds(min(self._given, len(samples)))) for leg, samples in self._audio.items()}


def read_legs(path: Path, legs: tuple[Leg, ...] | None = None) -> dict[Leg, Samples]:
    """All audio of a file, a leg each: shape (n,), 16 kHz float32, of one length. Raises `SourceError`."""
    source = FileSource(path, legs)
    parts: dict[Leg, list[Samples]] = {leg: [] for leg in source.legs}
    for chunk in source.chunks():
        parts[chunk.leg].append(chunk.samples)
    return {leg: np.concatenate(chunks) for leg, chunks in parts.items()}


def _one_voice(path: Path, leg: Leg) -> dict[Leg, Samples]:
    channels = read_legs(path)
    return {leg: np.mean(list(channels.values()), axis=0, dtype=np.float32)}
