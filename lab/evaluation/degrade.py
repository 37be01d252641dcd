"""How hearing suffers on worse lines: one thing of a plain telephone line made worse at a time.

The line that is swept around: 300 to 3400 Hz, mu-law, speech at -25 dBFS, brown noise 40 dB below it, nothing lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lab.labels import Clip
from lab.lines.condition import NARROW, WIDE, Condition
from monitor.errors import ConfigError

PLAIN = Condition("plain")
SNRS = (5.0, 10.0, 15.0, 20.0, 30.0)
"""dB."""
LOSSES = (0.0, 0.01, 0.02, 0.05, 0.1)
LEVELS = (-35.0, -25.0, -15.0)
"""dBFS."""
CODECS = {
    "none, wide": ("", WIDE),
    "none, narrow": ("", NARROW),
    "G.722": ("g722", WIDE),
    "Opus": ("opus", WIDE),
    "G.711 mu": ("pcmu", NARROW),
    "G.711 A": ("pcma", NARROW),
    "AMR": ("amr", NARROW),
    "G.723.1": ("g723", NARROW),
}
"""AMR 12.2 kbit/s and G.723.1 6.3 kbit/s stand for G.729: narrowband CELP."""
AUDIO = (".wav", ".flac", ".ogg", ".opus", ".mp3")
POOL = 60
"""Clips that babble is made of, at most."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a curve."""

    sweep: str
    value: float | str
    condition: Condition


def points(clips: Sequence[Clip], noise: Path | None) -> Iterator[Point]:
    """All conditions. Noise is each recording of the folder `noise`; without one, babble made of the clips, and brown noise.

    Raises `ConfigError` where the folder holds no recording.
    """
    for name, (codec, band) in CODECS.items():
        yield Point("codec", name, replace(PLAIN, codecs=(codec,), band=band))
    for name, noisy in _noises(clips, noise):
        for snr in SNRS:
            yield Point(f"noise: {name}", snr, replace(noisy, snr=(snr, snr)))
    for loss in LOSSES:
        yield Point("loss", 100 * loss, replace(PLAIN, loss=loss))
    for level in LEVELS:
        yield Point("level", level, replace(PLAIN, level=(level, level)))


def _noises(clips: Sequence[Clip], folder: Path | None) -> Iterator[tuple[str, Condition]]:
    if folder is None:
        step = max(1, len(clips) // POOL)
        voices = tuple(clip.path for clip in clips[::step][:POOL])
        yield f"babble of {len(voices)} clips", replace(PLAIN, noise="babble", recordings=voices)
        yield "brown", PLAIN
        return
    if not folder.is_dir():
        raise ConfigError(f"--noise {folder}: there is no such folder")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in AUDIO)
    if not files:
        raise ConfigError(f"--noise {folder}: holds no recording; put {', '.join(AUDIO)} files there")
    for file in files:
        yield file.stem, replace(PLAIN, noise="place", recordings=(file,))
