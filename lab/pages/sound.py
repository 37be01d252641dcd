"""A leg's sound as a page needs it: its outline to look at, and all legs coded to listen to."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
import soundfile

from monitor.audio.chunk import Samples
from monitor.events import Leg
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE

FULL = 255
"""The value of an outline at full scale."""


def outline(samples: Samples) -> tuple[list[int], list[int]]:
    """Largest magnitude and root mean square of each frame, 0 to `FULL`. Shape (n,) to lists of ceil(n / 320)."""
    frames = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES)).reshape(-1, FRAME_SAMPLES)
    peak = np.abs(frames).max(axis=1, initial=0)
    mean = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    return _scaled(peak), _scaled(mean)


def _scaled(values: Samples) -> list[int]:
    return [int(value) for value in np.clip(np.rint(values * FULL), 0, FULL)]


def coded(legs: Mapping[Leg, Samples], order: Sequence[Leg]) -> bytes:
    """Ogg Opus, a channel each leg of `order`, aligned with the timeline: small, and browsers play it."""
    length = max(len(legs[leg]) for leg in order)
    channels = np.stack([np.pad(legs[leg], (0, length - len(legs[leg]))) for leg in order], axis=1)
    file = io.BytesIO()
    soundfile.write(file, np.clip(channels, -1, 1), SAMPLE_RATE, format="OGG", subtype="OPUS")
    return file.getvalue()
