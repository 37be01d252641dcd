"""Telephone lines that recordings are heard over: what is fixed, what is drawn for each leg, always by the seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from lab.lines.line import Line, coded_line, coloured, lossy, lost_packets
from lab.sound import mono
from monitor.audio.chunk import Gap, Samples
from monitor.events import Leg
from monitor.timeline import FRAME_SAMPLES

NARROW, WIDE = (300.0, 3400.0), (50.0, 7000.0)
"""Hz: the bands of ITU-T G.712 and G.722."""
VOICES = 6
"""That make a babble."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How voices reach the monitor. Ranges are drawn from uniformly, for each leg of each recording anew."""

    name: str
    codecs: tuple[str, ...] = ("pcmu",)
    """Keys of `audio.coding.CODECS`, each as likely as it is often named; "" is none."""
    band: tuple[float, float] = NARROW
    """Hz."""
    level: tuple[float, float] = (-25.0, -25.0)
    """dBFS of the speech."""
    noise: str = "-2"
    """A power of the frequency by which noise falls (-2 is brown), `place` (a recording) or `babble` (recorded voices)."""
    snr: tuple[float, float] = (40.0, 40.0)
    """dB."""
    loss: float = 0.0
    """Share of 20 ms packets lost."""
    recordings: tuple[Path, ...] = ()
    """Places to be noisy in, or voices for a babble."""

    def line(self, generator: np.random.Generator) -> Line:
        """One leg's line."""
        return Line(
            speed=1.0,
            low=self.band[0],
            high=self.band[1],
            level=float(generator.uniform(*self.level)),
            noise=self.noise,
            snr=float(generator.uniform(*self.snr)),
            echo=0.0,
            tilt=0.0,
            codec=str(generator.choice(self.codecs)),
            loss=self.loss,
            clipping=0.0,
        )

    def ambience(self, length: int, generator: np.random.Generator) -> Samples:
        """Noise of `length` samples at 16 kHz, at any level. Raises `SourceError` where a recording is no audio."""
        if self.noise == "babble":
            chosen = generator.choice(len(self.recordings), size=VOICES)
            voices = [_recording(self.recordings[index]) for index in chosen]
            return _mean([np.resize(voice / (voice.std() + 1e-6), length) for voice in voices])
        if self.noise == "place":
            place = _recording(self.recordings[int(generator.integers(len(self.recordings)))])
            return np.resize(np.roll(place, -int(generator.integers(len(place)))), length)
        return coloured(float(self.noise), length, generator)


TELEPHONE = Condition("telephone", codecs=("pcmu", "pcmu", "pcmu", "pcma", "pcma"), level=(-29.0, -21.0), snr=(18.0, 35.0))
"""A line as most calls have it: 300 to 3400 Hz, G.711, noise 18 to 35 dB below the speech."""


def over(
    condition: Condition, legs: Mapping[Leg, Samples], seed: Sequence[int]
) -> tuple[dict[Leg, Samples], dict[Leg, tuple[Gap, ...]]]:
    """Legs as they sound at the far end, and what was lost of each. `legs`: shape (n,), 16 kHz; shapes stay."""
    samples, gaps = {}, {}
    for index, (leg, voice) in enumerate(legs.items()):
        generator = np.random.default_rng([*seed, index])
        line = condition.line(generator)
        heard = coded_line(voice, line, condition.ambience(len(voice), generator), generator)
        lost = lost_packets(len(heard), line.loss, generator)
        samples[leg] = lossy(heard, lost)
        gaps[leg] = tuple(Gap(int(packet) * FRAME_SAMPLES, FRAME_SAMPLES, "lost") for packet in np.flatnonzero(lost))
    return samples, gaps


@lru_cache(maxsize=64)
def _recording(path: Path) -> Samples:
    return mono(path)


def _mean(voices: Sequence[Samples]) -> Samples:
    return np.asarray(np.mean(voices, axis=0), dtype=np.float32)
