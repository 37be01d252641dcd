"""Melodies that nobody wrote, for what little music there is to learn from: chords, tunes and drums in several timbres."""

import numpy as np
from numpy.typing import NDArray

from monitor.engines.compact.features import Array
from monitor.timeline import SAMPLE_RATE

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9, 12, 14))
"""Semitones above the root: major, minor, pentatonic."""
_LEVEL = 0.1
_HIGHEST = 7_500.0


def melody(seconds: float, generator: np.random.Generator) -> Array:
    """One to three voices over one harmony, half of the time with drums; shape (n,), 16 kHz."""
    line = np.zeros(round((seconds + 6) * SAMPLE_RATE))
    beat = 60 / generator.uniform(60, 160)
    root, scale = generator.uniform(80, 260), _SCALES[int(generator.integers(len(_SCALES)))]
    for _ in range(int(generator.integers(1, 4))):
        _sing(line, seconds, beat, root * 2 ** int(generator.integers(3)), scale, generator)
    if generator.random() < 0.5:
        for at in np.arange(0, seconds, beat / 2):
            _add(line, at, _drum(generator))
    line = line[: round(seconds * SAMPLE_RATE)]
    return np.asarray(line * _LEVEL / (line.std() + 1e-6), dtype=np.float32)


def _sing(
    line: NDArray[np.float64], seconds: float, beat: float, root: float, scale: tuple[int, ...], generator: np.random.Generator
) -> None:
    timbre, loudness = int(generator.integers(6)), generator.uniform(0.3, 1)
    step, at = int(generator.integers(7)), 0.0
    while at < seconds:
        length = beat * float(generator.choice([0.25, 0.5, 0.5, 1, 1, 2]))
        step = int(np.clip(step + generator.integers(-2, 3), 0, 13))
        chord = (step,) if generator.random() < 0.7 else (step, step + 2, step + 4)
        for place in chord if generator.random() < 0.88 else ():
            hertz = root * 2 ** ((scale[place % 7] + 12 * (place // 7)) / 12)
            if hertz < 2_500:
                _add(line, at, loudness / len(chord) * _note(hertz, length * generator.uniform(0.8, 1.6), timbre))
        at += length


def _note(hertz: float, seconds: float, timbre: int) -> NDArray[np.float64]:
    """Plucked string, bowed string, bell, reed, whistle or piano."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    over = [each for each in range(1, 12) if hertz * each < _HIGHEST]
    wave = 2 * np.pi * hertz * time
    match timbre:
        case 0:
            return _sum([np.sin(wave * each) * np.exp(-time * (2 + each)) / each for each in over[:8]])
        case 1:
            sway = 0.3 * np.sin(2 * np.pi * 5 * time)
            return _sum([np.sin(wave * each + sway) / each**1.5 for each in over]) * _swell(time, 0.08, 0.1)
        case 2:
            return np.asarray(np.sin(wave + 2 * np.exp(-3 * time) * np.sin(2 * wave)) * np.exp(-3 * time))
        case 3:
            return _sum([np.sin(wave * each) / each for each in over[:7:2]]) * _swell(time, 0.02, 0.03)
        case 4:
            return np.asarray(np.sin(wave) * _swell(time, 0.03, 0.05))
        case _:
            parts = [np.sin(wave * each * (1 + 0.002 * each)) * np.exp(-time * (1 + 0.7 * each)) / each for each in over[:6]]
            return 1.2 * _sum(parts)


def _sum(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def _swell(time: NDArray[np.float64], rise: float, fall: float) -> NDArray[np.float64]:
    return np.asarray(np.clip(np.minimum(time / rise, (time[-1] - time) / fall), 0, 1))


def _drum(generator: np.random.Generator) -> NDArray[np.float64]:
    time = np.arange(round(0.15 * SAMPLE_RATE)) / SAMPLE_RATE
    fading = np.exp(-time / 0.03)
    if generator.random() < 0.6:
        return np.asarray(0.4 * generator.standard_normal(len(time)) * fading)
    return np.asarray(np.sin(2 * np.pi * (60 + 80 * fading) * time) * fading)


def _add(line: NDArray[np.float64], at: float, sound: NDArray[np.float64]) -> None:
    start = round(at * SAMPLE_RATE)
    line[start : start + len(sound)] += sound[: max(0, len(line) - start)]
