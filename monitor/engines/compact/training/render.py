"""Clips as they sound at the far end of many telephone lines: raw frames, made once and kept on disk.

A track is a dozen clips of one speaker over one line, with pauses. Levels within a track stay in proportion, and every
track is heard anew in each version, over another line, at another speed.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from monitor.audio.line import Line, coloured, draw_line, through_line
from monitor.engines.compact.features import RAW, Array, frames_of
from monitor.engines.compact.training.clips import Clip, read_audio, tracks
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE

FORMAT = 5
"""Raised when tracks would come out otherwise, so that kept ones are made again."""


class Progress(Protocol):
    """Is told how far a long job has come."""

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """`stage` has done `done` of `total` steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Clips of one speaker over one line."""

    raw: NDArray[np.float16]
    """Raw frames, shape (T, RAW)."""
    speech: NDArray[np.float16]
    """Whether somebody spoke, before noise was added, shape (T,), 0 to 1."""
    spans: NDArray[np.int64]
    """First frame of the pause before a clip, first frame of the clip, one past its last; shape (n, 3)."""
    labels: NDArray[np.int64]
    """Shape (n,)."""
    person: tuple[str, str]


def render(
    clips: Sequence[Clip], version: int, seed: int, recordings: Sequence[Array], cache: Path, progress: Progress
) -> list[Track]:
    """One version of all clips, from `cache` where it is there already.

    `recordings`: places to be noisy in, each shape (n,), 16 kHz; without any, noise is coloured or babble made of clips.
    """
    groups = tracks(clips, np.random.default_rng([seed, version]))
    folder = cache / f"{_digest(clips, seed, recordings)}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    rendered = []
    for index, group in enumerate(groups):
        file = folder / f"{index:04d}.npz"
        if not file.exists():
            track = _render(group, clips, recordings, np.random.default_rng([seed, version, index]))
            partial = file.with_suffix(".partial.npz")
            np.savez(partial, raw=track.raw, speech=track.speech, spans=track.spans, labels=track.labels)
            partial.replace(file)
        with np.load(file, allow_pickle=False) as kept:
            rendered.append(Track(kept["raw"], kept["speech"], kept["spans"], kept["labels"], group[0].person))
        progress(f"hearing version {version}", index + 1, len(groups))
    return rendered


def read_recordings(folder: Path | None) -> list[Array]:
    """Noises to add, each at 16 kHz mono; none where no folder is given."""
    if folder is None:
        return []
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".wav", ".flac", ".ogg", ".mp3"})
    return [_resampled(*soundfile.read(path, dtype="float32", always_2d=True)) for path in files]


def _resampled(audio: Array, rate: int) -> Array:
    return np.asarray(soxr.resample(audio.mean(1), rate, SAMPLE_RATE), dtype=np.float32)


def _digest(clips: Sequence[Clip], seed: int, recordings: Sequence[Array]) -> str:
    about = [FORMAT, RAW, seed, [len(each) for each in recordings], [(str(clip.path), clip.label) for clip in clips]]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]


def _render(
    group: Sequence[Clip], everyone: Sequence[Clip], recordings: Sequence[Array], generator: np.random.Generator
) -> Track:
    line = draw_line(generator)
    parts: list[Array] = []
    targets: list[Array] = []
    spans = []
    now = 0
    order = generator.permutation(len(group))
    for index in order:
        voice = _played(read_audio(group[index].path), line) * np.float32(10 ** (generator.normal(0, 1.0) / 20))
        voice = np.pad(voice, (0, -len(voice) % FRAME_SAMPLES))
        pause = int(generator.integers(8, 30))
        length = len(voice) // FRAME_SAMPLES
        spans.append((now, now + pause, now + pause + length))
        parts += [np.zeros(pause * FRAME_SAMPLES, np.float32), voice]
        targets += [np.zeros(pause, np.float32), spoken(voice)]
        now += pause + length
    speech = np.concatenate([*parts, np.zeros(25 * FRAME_SAMPLES, np.float32)])
    truth = np.concatenate([*targets, np.zeros(25, np.float32)])
    heard = through_line(speech, line, _noise(line, len(speech), everyone, recordings, generator), generator)
    labels = np.array([group[index].label for index in order])
    return Track(frames_of(heard).astype(np.float16), truth.astype(np.float16), np.array(spans), labels, group[0].person)


def _played(voice: Array, line: Line) -> Array:
    return (
        voice if line.speed == 1 else np.asarray(soxr.resample(voice, SAMPLE_RATE * line.speed, SAMPLE_RATE), dtype=np.float32)
    )


def spoken(voice: Array) -> Array:
    """Which frames of a clean clip are speech, by their level: 1 or 0, shape (n * 320,) to (n,).

    Within 35 dB of the loudest and 6 dB above the quietest tenth, with gaps up to 0.2 s filled.
    """
    level = 10 * np.log10((voice.reshape(-1, FRAME_SAMPLES) ** 2).mean(1) + 1e-10)
    loud = level > max(level.max() - 35, min(np.quantile(level, 0.1) + 6, level.max() - 10))
    reach = 5
    views = np.lib.stride_tricks.sliding_window_view(np.pad(loud, 2 * reach), 2 * reach + 1)
    dilated = views.any(1)
    closed = np.lib.stride_tricks.sliding_window_view(dilated, 2 * reach + 1).all(1)
    return np.asarray(closed, dtype=np.float32)


def _noise(
    line: Line, length: int, everyone: Sequence[Clip], recordings: Sequence[Array], generator: np.random.Generator
) -> Array:
    if line.noise == "babble":
        voices = [read_audio(everyone[int(index)].path) for index in generator.integers(len(everyone), size=6)]
        babble = np.mean([np.resize(voice / (voice.std() + 1e-6), length) for voice in voices], axis=0)
        return np.asarray(babble, dtype=np.float32)
    if line.noise == "place" and recordings:
        recording = recordings[int(generator.integers(len(recordings)))]
        return np.resize(np.roll(recording, -int(generator.integers(len(recording)))), length).astype(np.float32)
    return coloured(-1.5 if line.noise == "place" else float(line.noise), length, generator)
