"""Labelled clips: what is in a folder, and who is kept apart for measuring."""

import csv
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
import soxr

from monitor.engines.compact.features import Array
from monitor.errors import ConfigError
from monitor.timeline import SAMPLE_RATE

HELD_SHARE = 0.2
"""Of each dataset's speakers, kept apart for measuring."""
LABELS = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised")
"""The classes, by the names and in the order of emotion2vec."""
NEUTRAL = LABELS.index("neutral")
UNLABELLED = -1
"""In place of a label where nobody gave one."""
_AUDIO = {".wav", ".flac", ".ogg", ".opus", ".mp3"}


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance of one emotion."""

    path: Path
    dataset: str
    speaker: str
    label: int
    """Index into `LABELS`, or `UNLABELLED`."""

    @property
    def person(self) -> tuple[str, str]:
        """Dataset and speaker: who must not be on both sides of a split."""
        return self.dataset, self.speaker


def read_labels(folder: Path) -> list[Clip]:
    """Clips named by `folder/labels.csv`, whose columns are at least `file`, `speaker`, `emotion`; `dataset` is optional.

    Raises ConfigError where the file is missing, lacks a column, names an unknown emotion or a file that is not there.
    """
    table = folder / "labels.csv"
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"cannot read {table}: {error}; it lists the clips: file,dataset,speaker,emotion") from error
    if not rows:
        raise ConfigError(f"{table} names no clip; it needs a row a clip: file,dataset,speaker,emotion")
    if missing := {"file", "speaker", "emotion"} - rows[0].keys():
        raise ConfigError(f"{table} lacks the column {', '.join(sorted(missing))}")
    return [_clip(folder, table, number, row) for number, row in enumerate(rows, start=2)]


def read_unlabelled(folder: Path) -> list[Clip]:
    """Every recording below `folder`: one that holds recordings is a speaker, the folder above it a dataset.

    Raises ConfigError where there is none.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _AUDIO and path.is_file())
    if not files:
        raise ConfigError(
            f"{folder} holds no speech; it needs a folder a speaker with recordings in it ({', '.join(sorted(_AUDIO))})"
        )
    return [Clip(path, path.parent.parent.name, path.parent.name, UNLABELLED) for path in files]


def _clip(folder: Path, table: Path, number: int, row: dict[str, str]) -> Clip:
    if row["emotion"] not in LABELS:
        raise ConfigError(f"{table}, line {number}: unknown emotion {row['emotion']!r}; known: {', '.join(LABELS)}")
    path = folder / row["file"]
    if not path.is_file():
        raise ConfigError(f"{table}, line {number}: there is no file {path}")
    return Clip(path, row.get("dataset") or "clips", row["speaker"], LABELS.index(row["emotion"]))


class Spoken(Protocol):
    """Anything whose speaker is known."""

    @property
    def dataset(self) -> str:
        """Speakers of two datasets are two people, whatever their names."""

    @property
    def speaker(self) -> str:
        """A name within the dataset."""


def held_out(clips: Iterable[Spoken], share: float) -> set[tuple[str, str]]:
    """People kept for measuring: about `share` of each dataset's speakers, at least one, chosen by a hash of their names.

    A dataset of a single speaker keeps none. The choice does not depend on a seed, so every experiment keeps the same people.
    """
    people: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        people[clip.dataset].add(clip.speaker)
    held = set()
    for dataset, speakers in people.items():
        order = sorted(speakers, key=lambda name: zlib.crc32(f"{dataset}/{name}".encode()))
        count = min(max(round(share * len(speakers)), 1), len(speakers) - 1) if share else 0
        held |= {(dataset, name) for name in order[:count]}
    return held


def read_audio(path: Path) -> Array:
    """A clip at 16 kHz, mono, its silent edges cut to 80 ms. Raises ConfigError where it cannot be read."""
    try:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise ConfigError(f"cannot read {path}: {error}; leave it out or convert it to WAV") from error
    mono = audio.mean(1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    loud = np.flatnonzero(np.abs(mono) > 0.02 * np.abs(mono).max(initial=1e-9))
    if len(loud):
        mono = mono[max(loud[0] - 1280, 0) : loud[-1] + 1280]
    return np.ascontiguousarray(mono, dtype=np.float32)


def tracks(clips: Sequence[Clip], generator: np.random.Generator, size: int = 16) -> list[list[Clip]]:
    """Clips in groups of about `size` of one speaker, each group with some of each of the speaker's emotions."""
    spoken: dict[tuple[str, str], list[Clip]] = defaultdict(list)
    for clip in clips:
        spoken[clip.person].append(clip)
    groups = []
    for person in sorted(spoken):
        mixed = [spoken[person][index] for index in generator.permutation(len(spoken[person]))]
        by_label = sorted(mixed, key=lambda clip: clip.label)
        count = max(round(len(mixed) / size), 1)
        groups += [by_label[first::count] for first in range(count)]
    return groups
