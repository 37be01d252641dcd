"""Features and normalisation: local, causal, the same however they are cut."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.engines.compact.features import BANDS, LEVEL, MARGIN, PITCH, RAW, VOICING, frames_of, raw_frames
from monitor.engines.compact.normalise import INPUTS, Heard, Prior, normalise

PRIOR = Prior(np.full(BANDS, -8, np.float32), -6.0, 0.6)


def harmonic(pitch: float, low: float = 0, high: float = 8000, seconds: float = 0.5):
    time = np.arange(round(seconds * 50) * 320) / 16_000
    partials = [n * pitch for n in range(1, 60) if low < n * pitch < high]
    return (0.05 * np.sum([np.sin(2 * np.pi * f * time + f) for f in partials], axis=0)).astype(np.float32)


@pytest.mark.parametrize("pitch", [90, 130, 200, 310])
def test_the_pitch_is_found_where_the_line_has_cut_the_fundamental(pitch):
    frames = frames_of(harmonic(pitch, 300, 3400))[5:-5]
    assert np.median(125 * 2 ** frames[:, PITCH]) == pytest.approx(pitch, rel=0.03)
    assert frames[:, VOICING].min() > 0.5


def test_noise_is_not_voiced():
    noise = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.1
    assert frames_of(noise)[:, VOICING].max() < 0.4


def test_a_gain_moves_levels_alone():
    quiet, loud = frames_of(harmonic(150)), frames_of(4 * harmonic(150))
    np.testing.assert_allclose(loud[5:-5, LEVEL] - quiet[5:-5, LEVEL], 2 * np.log(4), atol=1e-2)
    np.testing.assert_allclose(loud[5:-5, BANDS:LEVEL], quiet[5:-5, BANDS:LEVEL], atol=1e-2)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=10), st.integers(0, 2**32 - 1))
def test_features_in_pieces_equal_features_of_the_whole(pieces, seed):
    total = sum(pieces)
    samples = np.random.default_rng(seed).standard_normal(total * 320).astype(np.float32) * 0.1
    padded = np.pad(samples, MARGIN)
    bounds = np.cumsum([0, *pieces])
    parts = [raw_frames(padded[a * 320 : b * 320 + 2 * MARGIN]) for a, b in itertools.pairwise(bounds)]
    np.testing.assert_allclose(np.concatenate(parts), frames_of(samples), atol=1e-4)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=10))
def test_normalisation_in_pieces_equals_that_of_the_whole(pieces):
    raw = frames_of(np.concatenate([harmonic(150, seconds=2), 3 * harmonic(230, seconds=1)]))[None, : sum(pieces)]
    heard, parts, first = Heard.nothing(), [], 0
    for piece in pieces:
        part, heard = normalise(raw[:, first : first + piece], PRIOR, heard)
        parts.append(part)
        first += piece
    whole, _ = normalise(raw, PRIOR, Heard.nothing())
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole[:, :first], atol=1e-6)


def test_normalisation_does_not_look_ahead():
    raw = frames_of(harmonic(150, seconds=1))[None]
    other = raw.copy()
    other[:, 30:] += 1
    one, two = (normalise(each, PRIOR, Heard.nothing())[0] for each in (raw, other))
    np.testing.assert_array_equal(one[:, :30], two[:, :30])


def test_after_some_speech_the_gain_of_the_line_is_gone():
    quiet, loud = (frames_of(gain * harmonic(150, seconds=6))[None, 5:-5] for gain in (1, 3))
    one, two = (normalise(each, PRIOR, Heard.nothing())[0] for each in (quiet, loud))
    assert np.abs(one[:, -1, :BANDS] - two[:, -1, :BANDS]).max() < 0.2


def test_silence_is_finite_and_teaches_nothing():
    raw = frames_of(np.zeros(16_000, np.float32))[None]
    frames, heard = normalise(raw, PRIOR, Heard.nothing())
    assert raw.shape == (1, 50, RAW)
    assert frames.shape == (1, 50, INPUTS)
    assert np.isfinite(frames).all()
    assert heard.sums.sum() == 0


@pytest.mark.parametrize("frames", [2, 20, 400])
def test_what_is_heard_after_silence_is_known_to_the_bit_without_hearing_it(frames):
    _, spoken = normalise(frames_of(harmonic(150, seconds=2))[None], PRIOR, Heard.nothing())
    _, heard = normalise(frames_of(np.zeros(frames * 320, np.float32))[None], PRIOR, spoken)
    known = spoken.after_silence(frames)
    np.testing.assert_array_equal(known.sums, heard.sums)
    np.testing.assert_array_equal(known.peak, heard.peak)
