"""What a telephone line carries besides voices: tones of many countries, keys, fax and modem signals.

Frequencies and cadences: ITU-T E.180 and its supplement 2; keys: Q.23; calling and answering tones: T.30, V.8, V.25.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.engines.compact.features import Array
from monitor.timeline import SAMPLE_RATE

LEVEL = 0.1
"""Amplitude of each sine of a tone; lines set their own."""


class Tone(NamedTuple):
    """Sines that come and go."""

    hertz: tuple[float, ...]
    cadence: tuple[float, ...]
    """Seconds of sound, of silence, of sound, ..."""
    modulation: float = 0.0
    """Hz at which its level swings."""


STEADY = (60.0,)
TONES: Mapping[str, Tone] = {
    "ringback in North America": Tone((440, 480), (2, 4)),
    "ringback in Britain": Tone((400, 450), (0.4, 0.2, 0.4, 2)),
    "ringback in Germany": Tone((425,), (1, 4)),
    "ringback in France": Tone((440,), (1.5, 3.5)),
    "ringback in Japan": Tone((400,), (1, 2), 16),
    "ringback in Australia": Tone((400, 425, 450), (0.4, 0.2, 0.4, 2)),
    "ringback in India": Tone((400,), (0.4, 0.2, 0.4, 2), 25),
    "ringback in China": Tone((450,), (1, 4)),
    "ringback in Russia": Tone((425,), (0.8, 3.2)),
    "busy in North America": Tone((480, 620), (0.5, 0.5)),
    "congestion in North America": Tone((480, 620), (0.25, 0.25)),
    "busy in Britain": Tone((400,), (0.375, 0.375)),
    "busy in Europe": Tone((425,), (0.48, 0.48)),
    "busy in Japan": Tone((400,), (0.5, 0.5)),
    "dial tone in North America": Tone((350, 440), STEADY),
    "dial tone in Britain": Tone((350, 450), STEADY),
    "dial tone in Europe": Tone((425,), STEADY),
    "dial tone in France": Tone((440,), STEADY),
    "stutter dial tone": Tone((350, 440), (0.1, 0.1)),
    "call waiting in North America": Tone((440,), (0.3, 9.7)),
    "call waiting in Europe": Tone((425,), (0.2, 0.2, 0.2, 4.4)),
    "receiver off hook": Tone((1400, 2060, 2450, 2600), (0.1, 0.1)),
    "beep": Tone((1000,), (0.4, 5)),
    "recording": Tone((1400,), (0.5, 4)),
    "fax calling": Tone((1100,), (0.5, 3)),
    "fax answering": Tone((2100,), (3.3, 1)),
    "200 Hz": Tone((200,), STEADY),
    "300 Hz": Tone((300,), STEADY),
    "600 Hz": Tone((600,), (2, 1)),
    "800 Hz": Tone((800,), STEADY),
    "1 kHz": Tone((1000,), STEADY),
    "1004 Hz": Tone((1004,), STEADY),
    "2 kHz": Tone((2000,), STEADY),
    "3 kHz": Tone((3000,), STEADY),
}
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def tone(sound: Tone, seconds: float) -> Array:
    """Shape (n,), 16 kHz, from the beginning of the cadence."""
    time = _time(seconds)
    edges = np.cumsum(sound.cadence)
    on = np.searchsorted(edges, time % edges[-1], side="right") % 2 == 0
    swing = (1 + 0.9 * np.sin(2 * np.pi * sound.modulation * time)) / 1.9 if sound.modulation else 1.0
    sines = LEVEL * np.sum([np.sin(2 * np.pi * hertz * time) for hertz in sound.hertz], axis=0)
    return np.asarray(sines * on * swing, dtype=np.float32)


def keys(seconds: float, generator: np.random.Generator) -> Array:
    """Keys pressed one after the other."""
    parts: list[Array] = []
    while sum(map(len, parts)) < seconds * SAMPLE_RATE:
        pair = (float(generator.choice(_ROWS)), float(generator.choice(_COLUMNS)))
        parts += [tone(Tone(pair, STEADY), generator.uniform(0.06, 0.4)), _silence(generator.uniform(0.05, 0.5))]
    return _cut(np.concatenate(parts), seconds)


def special_information(seconds: float, generator: np.random.Generator) -> Array:
    """Three rising tones before "the number you have dialled"."""
    del generator
    once = [*(tone(Tone((hertz,), STEADY), 0.33) for hertz in (950, 1400, 1800)), _silence(1)]
    return _cut(np.tile(np.concatenate(once), round(seconds) + 1), seconds)


def fax_data(seconds: float, generator: np.random.Generator) -> Array:
    """V.21 at 300 bits a second, as fax machines negotiate."""
    return _shift_keyed(seconds, 1650, 1850, 300, generator)


def modem_data(seconds: float, generator: np.random.Generator) -> Array:
    """V.23 at 1200 bits a second."""
    return _shift_keyed(seconds, 1300, 2100, 1200, generator)


def modem_answer(seconds: float, generator: np.random.Generator) -> Array:
    """V.8: 2100 Hz, its level swinging, its phase turned every 450 ms."""
    del generator
    time = _time(seconds)
    swing = 1 + 0.2 * np.sin(2 * np.pi * 15 * time)
    return np.asarray(LEVEL * swing * np.sin(2 * np.pi * 2100 * time + np.pi * (time // 0.45 % 2)), dtype=np.float32)


def fax_page(seconds: float, generator: np.random.Generator) -> Array:
    """Much like V.17: four phases of 1750 Hz, 2400 times a second."""
    time = _time(seconds)
    phases = np.exp(0.5j * np.pi * generator.integers(4, size=round(seconds * 2400) + 2))
    shape = np.hanning(13)
    symbols = np.convolve(phases[(time * 2400).astype(int)], shape / shape.sum(), "same")
    return np.asarray(LEVEL * (symbols * np.exp(2j * np.pi * 1750 * time)).real, dtype=np.float32)


SIGNALS: Mapping[str, Callable[[float, np.random.Generator], Array]] = {
    "keys": keys,
    "special information": special_information,
    "fax data": fax_data,
    "modem data": modem_data,
    "modem answer": modem_answer,
    "fax page": fax_page,
}
"""Seconds and chance to samples."""


def any_tone(seconds: float, generator: np.random.Generator) -> Array:
    """A tone of no country: one to three sines, any cadence."""
    hertz = tuple(generator.uniform(180, 3_000, int(generator.integers(1, 4))))
    cadence = STEADY if generator.random() < 0.2 else tuple(generator.uniform(0.1, 2.5, 2 * int(generator.integers(1, 3))))
    return tone(Tone(hertz, cadence, float(generator.uniform(5, 40)) if generator.random() < 0.25 else 0.0), seconds)


def _shift_keyed(seconds: float, low: float, high: float, rate: float, generator: np.random.Generator) -> Array:
    bits = generator.choice([low, high], round(seconds * rate) + 2)
    hertz = bits[(_time(seconds) * rate).astype(int)]
    return np.asarray(LEVEL * np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE), dtype=np.float32)


def _time(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _silence(seconds: float) -> Array:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def _cut(samples: Array, seconds: float) -> Array:
    return samples[: round(seconds * SAMPLE_RATE)]
