"""What is to be heard: a recording, whose voice is on which channel, and the line it comes over."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from zlib import crc32

from lab.lines.condition import Condition, over
from lab.sound import mono, read_legs
from monitor.audio.chunk import AudioChunk, Gap, Samples
from monitor.errors import ConfigError, SourceError
from monitor.events import Leg, LegReport
from monitor.sources.base import Source
from monitor.sources.file import FileSource
from monitor.timeline import SAMPLE_RATE, sample_seconds

BLOCK_SAMPLES = SAMPLE_RATE // 2
"""Samples a chunk, as a file is taken; a whole number of packets."""


@dataclass(frozen=True, slots=True)
class Take:
    """One recording to be heard. Small, so that it can be sent to another process."""

    path: Path
    legs: tuple[Leg, ...] | None = None
    """The leg of each channel; default as `run` does: `mixed` for one channel, customer and agent for two."""
    one_speaker: bool = False
    """All channels are the same voice: they become the one leg that `legs` names, default customer."""
    line: Condition | None = None
    """The line it is heard over; None hears it as it is."""
    seed: int = 1
    """Of what the line draws, with the name of the file: the same file and seed sound the same, whatever else is heard."""

    def open(self) -> Source:
        """The take as a source. Raises `SourceError` where the file is no audio, `ConfigError` where legs do not fit it."""
        if self.line is None and not self.one_speaker:
            return FileSource(self.path, self.legs)
        samples = {(self.legs or ("customer",))[0]: mono(self.path)} if self.one_speaker else read_legs(self.path, self.legs)
        if not any(len(each) for each in samples.values()):
            raise SourceError(f"{self.path}: holds no audio")
        gaps: Mapping[Leg, tuple[Gap, ...]] = {}
        if self.line is not None:
            samples, gaps = over(self.line, samples, (self.seed, crc32(self.path.name.encode())))
        return PreparedSource(str(self.path), samples, gaps)


def read_recordings(paths: Iterable[Path]) -> list[Path]:
    """The sound files meant: files themselves, and those of folders, sorted. Raises `ConfigError` where there is none."""
    found: list[Path] = []
    for path in paths:
        if path.is_file():
            found.append(path)
            continue
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in FileSource.suffixes) if path.is_dir() else []
        if not files:
            raise ConfigError(
                f"{path}: holds nothing to hear; give a recording, or a folder of them, of calls with a NAME.json beside each "
                "NAME.wav, or of clips with a labels.csv"
            )
        found += files
    return found


class PreparedSource(Source):
    """Legs that are in memory, handed on as a file's."""

    kind: ClassVar[str] = "prepared"

    def __init__(
        self, description: str, legs: Mapping[Leg, Samples], gaps: Mapping[Leg, tuple[Gap, ...]] | None = None
    ) -> None:
        """`legs`: each shape (n,), 16 kHz float32, of one length. `gaps`: packets that were lost, none across half a second."""
        self.description = description
        self.legs = tuple(legs)
        self.realtime = False
        self._audio = legs
        self._gaps = gaps or {}
        self._given = 0
        self._stopped = False

    def chunks(self) -> Iterator[AudioChunk]:
        """Half a second of each leg at a time."""
        for start in range(0, max(len(samples) for samples in self._audio.values()), BLOCK_SAMPLES):
            if self._stopped:
                return
            stop = start + BLOCK_SAMPLES
            for leg, samples in self._audio.items():
                inside = tuple(gap for gap in self._gaps.get(leg, ()) if start <= gap.start < stop)
                yield AudioChunk(leg, start, samples[start:stop], inside)
            self._given = stop

    def stop(self) -> None:
        """End `chunks` after the block at hand."""
        self._stopped = True

    def report(self) -> Mapping[Leg, LegReport]:
        """What became of each leg so far."""
        return {leg: self._leg_report(leg) for leg in self.legs}

    def _leg_report(self, leg: Leg) -> LegReport:
        lost = sum(gap.length for gap in self._gaps.get(leg, ()))
        given = min(self._given, len(self._audio[leg]))
        return LegReport(seconds=sample_seconds(given), lost_seconds=sample_seconds(lost))
