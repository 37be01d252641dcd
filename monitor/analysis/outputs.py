"""Folders in the layout of the usual web interface: `outputs_YYYYMMDD_HHMMSS/{processed_audio.wav,result.json,embedding.npy}`.

Each is made aside and comes to its place whole, by rename, so whatever is there is done.
"""

import errno
import wave
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import numpy as np

from monitor.analysis.array_file import read_header
from monitor.analysis.embedding import AUDIO_FILE, FRAMES_FILE
from monitor.analysis.errors import EmbeddingError
from monitor.analysis.result_file import NAME, Granularity, Result, read_result
from monitor.audio.chunk import Samples
from monitor.engines.base import EngineInfo
from monitor.errors import StoreError
from monitor.events import Frames
from monitor.frame_format import LegFormat
from monitor.store.disk import hold, refusals, write_json
from monitor.store.snapshot import array_header
from monitor.store.utterance import Utterance
from monitor.timeline import FRAME_RATE, SAMPLE_RATE, frame_seconds

_UNFINISHED = ".extract-"
_LOCK = ".extract.lock"
_PCM = np.dtype("<i2")
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


class OutputWriter:
    """Writes the folder of one leg of one file, aside, as its sound and frames come."""

    def __init__(
        self, parent: Path, info: EngineInfo, granularity: Granularity, speech_threshold: float, *, audio: bool
    ) -> None:
        """Begin in a hidden folder of `parent`. Raises `OSError`."""
        self._info, self._granularity = info, granularity
        self._folder = Path(mkdtemp(prefix=_UNFINISHED, dir=parent))
        self._folder.chmod(0o755)
        self._utterance = Utterance.empty(LegFormat(info.dim, len(info.labels), dtype="float32"), speech_threshold)
        self._open = ExitStack()
        self._rows = self._sound = None
        if granularity == "frame":
            self._rows = self._open.enter_context((self._folder / FRAMES_FILE).open("wb"))
            self._rows.write(array_header((0, info.dim)))
        if audio:
            # libsndfile does not say why a disk refuses.
            self._sound = self._open.enter_context(wave.open(str(self._folder / AUDIO_FILE), "wb"))  # noqa: SIM115 - it is one
            self._sound.setparams((1, _PCM.itemsize, SAMPLE_RATE, 0, "NONE", ""))

    @property
    def frames(self) -> int:
        """That were written."""
        return self._utterance.frames

    @property
    def speaking(self) -> int:
        """Frames among them in which the leg speaks."""
        return self._utterance.speaking

    @property
    def skipped(self) -> int:
        """Frames among them that the engine could not compute."""
        return self._utterance.skipped

    def hear(self, samples: Samples) -> None:
        """Put sound behind what is there."""
        if self._sound is not None:
            self._sound.writeframesraw(np.round(np.clip(samples, -1, 1) * 32767).astype(_PCM).tobytes())

    def add(self, frames: Frames) -> None:
        """Put frames behind those that are there."""
        self._utterance.add(frames)
        if self._rows is not None:
            self._rows.write(np.ascontiguousarray(frames.embedding, "<f4").data)

    def finish(self, parent: Path, key: str, source: Mapping[str, Any]) -> Path:
        """Write what is still to be written, and give the folder its name in `parent`. Raises `OSError`."""
        shape: tuple[int, ...] = (self.frames, self._info.dim)
        if self._rows is not None:
            self._rows.seek(0)
            self._rows.write(array_header((self.frames, self._info.dim)))
        else:
            shape = (self._info.dim,)
            np.save(self._folder / FRAMES_FILE, self._utterance.mean()[0])
        self._open.close()
        write_json(self._folder / NAME, [self._result(key, shape, source)], fsync=False)
        return _publish(self._folder, parent)

    def discard(self) -> None:
        """Leave nothing of it, whether or not it was finished."""
        with suppress(OSError):  # what the disk refused was told
            self._open.close()
        rmtree(self._folder, ignore_errors=True)

    def _result(self, key: str, shape: tuple[int, ...], source: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "key": key,
            "labels": list(self._info.labels),
            "scores": self._utterance.scores(),
            "granularity": self._granularity,
            "shape": list(shape),
            "dtype": "float32",
            "embedding_rate": FRAME_RATE,
            "frames": self.frames,
            "seconds": frame_seconds(self.frames),
            "speech_frames": self.speaking,
            "engine": asdict(self._info),
            "input": dict(source),
            "written_at": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        }


def _publish(folder: Path, parent: Path) -> Path:
    """Give a folder the name of this second, with a number behind it where that is taken."""
    stamp = f"outputs_{datetime.now():%Y%m%d_%H%M%S}"
    for number in count(1):
        target = parent / (stamp if number == 1 else f"{stamp}_{number}")
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            return target
    raise AssertionError("unreachable")


@contextmanager
def extracting_to(folder: Path) -> Iterator[None]:
    """Be the one process that extracts into a folder, which is made where it is missing; what a killed one left unfinished
    goes.

    Raises `StoreError` where another process extracts into it, or the disk refuses.
    """
    with refusals(f"cannot extract to {folder}"):
        folder.mkdir(exist_ok=True)
        try:
            held = hold(folder / _LOCK)
        except BlockingIOError:
            raise StoreError(f"another process extracts to {folder}: wait for it, or name another folder (--to)") from None
    with held:
        for left in folder.glob(f"{_UNFINISHED}*"):
            rmtree(left, ignore_errors=True)
        yield


def done_in(folder: Path) -> dict[str, list[tuple[Path, Result]]]:
    """What was extracted to a folder and is whole, by the path of the input."""
    done: dict[str, list[tuple[Path, Result]]] = {}
    for path in sorted(folder.glob(f"outputs_*/{NAME}")):
        try:
            result = read_result(path.parent)
            if result is None or result.shape != read_header(path.with_name(FRAMES_FILE)).shape:
                continue
        except EmbeddingError:
            continue
        done.setdefault(str(result.input.get("path", "")), []).append((path.parent, result))
    return done
