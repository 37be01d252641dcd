"""Clips to learn from: those of nobody's labels, their sound, and how they are put together."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr

from lab.labels import Clip
from monitor.engines.compact.features import Array
from monitor.errors import ConfigError
from monitor.timeline import SAMPLE_RATE

_AUDIO = {".wav", ".flac", ".ogg", ".opus", ".mp3"}


def read_unlabelled(folder: Path) -> list[Clip]:
    """Every recording below `folder`: one that holds recordings is a speaker, the folder above it a dataset.

    Raises ConfigError where there is none.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _AUDIO and path.is_file())
    if not files:
        raise ConfigError(
            f"{folder} holds no speech; it needs a folder a speaker with recordings in it ({', '.join(sorted(_AUDIO))})"
        )
    return [Clip(path, path.parent.parent.name, path.parent.name) for path in files]


def at_most(clips: Sequence[Clip], most: int) -> list[Clip]:
    """So many clips of a speaker at most (0: all), of each emotion alike, chosen by a hash of their names; in their order."""
    if not most:
        return list(clips)
    seen: Counter[tuple[str, str] | tuple[tuple[str, str], int]] = Counter()
    ranked: list[tuple[int, int, int]] = []
    for place in sorted(range(len(clips)), key=lambda place: zlib.crc32(clips[place].path.name.encode())):
        kind = (clips[place].person, clips[place].label)
        ranked.append((seen[kind], len(ranked), place))
        seen[kind] += 1
    kept = []
    for _, _, place in sorted(ranked):
        seen[clips[place].person] += 1
        if seen[clips[place].person] <= most:
            kept.append(place)
    return [clips[place] for place in sorted(kept)]


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
