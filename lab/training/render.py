"""Clips as they sound at the far end of many telephone lines: raw frames, made once and kept on disk.

A track is a dozen clips of one speaker over one line, with pauses. Levels within a track stay in proportion, and every
track is heard anew in each version, over another line, at another speed.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from lab.labels import Clip
from lab.lines.line import Line, coloured, draw_line, through_line
from lab.training.clips import read_audio, tracks
from lab.training.lesson import PARTS, Lesson, Taught, fit_lesson, smoothed
from monitor.engines.compact.features import RAW, Array, frames_of
from monitor.output_file import replacement
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE

if TYPE_CHECKING:
    from lab.training.teacher import Teacher, TeacherModel

FORMAT = 7
"""Raised when tracks would come out otherwise, so that kept ones are made again."""
_LESSON_CLIPS = 600
"""Clips from which it is found what of the teacher is to be learned."""


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
    taught: Taught
    """What the teacher hears in the clean voice, smoothed, shape (T, PARTS), zeros in pauses; (T, 0) without a teacher."""
    spans: NDArray[np.int64]
    """First frame of the pause before a clip, first frame of the clip, one past its last; shape (n, 3)."""
    labels: NDArray[np.int64]
    """Shape (n,)."""
    person: tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Studio:
    """Where clips are rendered: by what chance, among which noises, with which teacher."""

    cache: Path
    """Rendered tracks are kept here."""
    seed: int
    recordings: Sequence[Array] = ()
    """Places to be noisy in, each shape (n,), 16 kHz; without any, noise is coloured or babble made of clips."""
    teacher: "TeacherModel | None" = field(default=None, repr=False)
    """See `teacher.read_teacher`."""
    processes: int = 1


def render(
    clips: Sequence[Clip], version: int, studio: Studio, progress: Progress, like: Sequence[Clip] | None = None
) -> list[Track]:
    """One version of all clips, from the studio's cache where it is there already.

    `like`: clips whose lesson is to be learned from these too (default: these).
    """
    groups = tracks(clips, np.random.default_rng([studio.seed, version]))
    lesson = _lesson(like or clips, studio, progress) if studio.teacher else None
    folder = studio.cache / f"{_digest(clips, studio, like)}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{index:04d}.npz" for index in range(len(groups))]
    missing = [index for index, file in enumerate(files) if not file.exists()]
    with _workers(clips, studio, version, lesson) as pool:
        for done, _ in enumerate(pool.map(_make, missing, [groups[i] for i in missing], [files[i] for i in missing]), start=1):
            progress(f"hearing version {version}", len(groups) - len(missing) + done, len(groups))
    return [_kept(file, group[0].person) for file, group in zip(files, groups, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """What a worker process needs for every track."""

    clips: Sequence[Clip]
    studio: Studio
    version: int
    lesson: Lesson | None
    teacher: "Teacher | None"


_job: _Job


def _workers(clips: Sequence[Clip], studio: Studio, version: int, lesson: Lesson | None) -> ProcessPoolExecutor:
    about = (clips, studio, version, lesson)
    return ProcessPoolExecutor(studio.processes, get_context("spawn"), initializer=_begin, initargs=about)


def _begin(clips: Sequence[Clip], studio: Studio, version: int, lesson: Lesson | None) -> None:
    global _job
    _job = _Job(clips, studio, version, lesson, _teacher(studio.teacher) if studio.teacher else None)


def _teacher(model: "TeacherModel") -> "Teacher":
    # Its packages are only needed by those who have a teacher.
    import torch

    from lab.training.teacher import open_teacher

    torch.set_num_threads(1)  # the other workers have voices of their own to hear
    return open_teacher(model)


def _make(index: int, group: Sequence[Clip], file: Path) -> None:
    track = _render(group, _job, np.random.default_rng([_job.studio.seed, _job.version, index]))
    with replacement(file) as part, part.open("wb") as stream:
        np.savez(stream, raw=track.raw, speech=track.speech, taught=track.taught, spans=track.spans, labels=track.labels)


def _kept(file: Path, person: tuple[str, str]) -> Track:
    with np.load(file, allow_pickle=False) as kept:
        taught = smoothed(kept["taught"], kept["speech"], kept["spans"])
        return Track(kept["raw"], kept["speech"], taught, kept["spans"], kept["labels"], person)


def _lesson(clips: Sequence[Clip], studio: Studio, progress: Progress) -> Lesson:
    """What of the teacher is to be learned, found on some of the clips and kept beside the tracks."""
    file = studio.cache / f"{_digest(clips, studio)}-lesson.npz"
    if not file.exists():
        chosen = np.random.default_rng(studio.seed).permutation(len(clips))[:_LESSON_CLIPS]
        lesson = fit_lesson(_heard([clips[index] for index in chosen], studio, progress))
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacement(file) as part, part.open("wb") as stream:
            np.savez(stream, centre=lesson.centre, projection=lesson.projection)
    with np.load(file, allow_pickle=False) as kept:
        return Lesson(kept["centre"], kept["projection"])


def _heard(clips: Sequence[Clip], studio: Studio, progress: Progress) -> Iterator[Array]:
    with _workers(clips, studio, 0, None) as pool:
        for done, pieces in enumerate(pool.map(_ask, clips, chunksize=8), start=1):
            yield from pieces
            progress("asking the teacher", done, len(clips))


def _ask(clip: Clip) -> list[Array]:
    assert _job.teacher
    return _job.teacher.pieces(_whole_frames(read_audio(clip.path)))


def _whole_frames(voice: Array) -> Array:
    return np.pad(voice, (0, -len(voice) % FRAME_SAMPLES))


def read_recordings(folder: Path | None) -> list[Array]:
    """Noises to add, each at 16 kHz mono; none where no folder is given."""
    if folder is None:
        return []
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".wav", ".flac", ".ogg", ".mp3"})
    return [_resampled(*soundfile.read(path, dtype="float32", always_2d=True)) for path in files]


def _resampled(audio: Array, rate: int) -> Array:
    return np.asarray(soxr.resample(audio.mean(1), rate, SAMPLE_RATE), dtype=np.float32)


def _digest(clips: Sequence[Clip], studio: Studio, like: Sequence[Clip] | None = None) -> str:
    teacher = hashlib.sha256(studio.teacher.content).hexdigest()[:12] if studio.teacher else None
    noises = [len(each) for each in studio.recordings]
    about = [FORMAT, RAW, studio.seed, noises, teacher, [(str(clip.path), clip.label) for clip in clips]]
    about += [_digest(like, studio)] if like else []
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]


def _render(group: Sequence[Clip], job: _Job, generator: np.random.Generator) -> Track:
    line = draw_line(generator)
    parts: list[Array] = []
    targets: list[Array] = []
    taught: list[Array] = []
    spans = []
    now = 0
    order = generator.permutation(len(group))
    for index in order:
        voice = _whole_frames(_played(read_audio(group[index].path), line) * np.float32(10 ** (generator.normal(0, 1.0) / 20)))
        pause = int(generator.integers(8, 30))
        length = len(voice) // FRAME_SAMPLES
        spans.append((now, now + pause, now + pause + length))
        parts += [np.zeros(pause * FRAME_SAMPLES, np.float32), voice]
        targets += [np.zeros(pause, np.float32), spoken(voice)]
        taught += [_nothing(pause, job), _lesson_of(voice, job)]
        now += pause + length
    speech = np.concatenate([*parts, np.zeros(25 * FRAME_SAMPLES, np.float32)])
    truth = np.concatenate([*targets, np.zeros(25, np.float32)])
    lesson = np.concatenate([*taught, _nothing(25, job)]).astype(np.float16)
    heard = through_line(speech, line, _noise(line, len(speech), job, generator), generator)
    labels = np.array([group[index].label for index in order])
    raw = frames_of(heard).astype(np.float16)
    return Track(raw, truth.astype(np.float16), lesson, np.array(spans), labels, group[0].person)


def _lesson_of(voice: Array, job: _Job) -> Array:
    if job.teacher is None or job.lesson is None:
        return _nothing(len(voice) // FRAME_SAMPLES, job)
    return np.concatenate([job.lesson.of(piece) for piece in job.teacher.pieces(voice)])


def _nothing(length: int, job: _Job) -> Array:
    return np.zeros((length, PARTS if job.lesson else 0), np.float32)


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


def _noise(line: Line, length: int, job: _Job, generator: np.random.Generator) -> Array:
    recordings = job.studio.recordings
    if line.noise == "babble":
        voices = [read_audio(job.clips[int(index)].path) for index in generator.integers(len(job.clips), size=6)]
        babble = np.mean([np.resize(voice / (voice.std() + 1e-6), length) for voice in voices], axis=0)
        return np.asarray(babble, dtype=np.float32)
    if line.noise == "place" and recordings:
        recording = recordings[int(generator.integers(len(recordings)))]
        return np.resize(np.roll(recording, -int(generator.integers(len(recording)))), length).astype(np.float32)
    return coloured(-1.5 if line.noise == "place" else float(line.noise), length, generator)
