"""What every engine keeps to, in tests. They ask for a fixture `engine`: a loaded one, which they share and do not close.

There is more that an engine of either family keeps to: run `streaming_engines.py` or `windowed_engines.py`, which have it, too.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from monitor.conformance.engine_calls import assert_same, bytes_of, bytes_of_leg, joined, listen, voice, whole, windows
from monitor.engines.base import Engine, Window, WindowError
from monitor.timeline import FRAME_SAMPLES, frames_for

EMOTIONS = {"angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "unknown"}


def test_info_says_what_is_loaded(engine: Engine) -> None:
    info = engine.info
    assert info.name
    assert info.model
    assert info.version
    assert info.dim > 0
    assert info.device


def test_labels_are_the_names_that_rules_use(engine: Engine) -> None:
    assert {"neutral"} < set(engine.info.labels) <= EMOTIONS
    assert len(set(engine.info.labels)) == len(engine.info.labels)


def test_default_window_holds_a_hop_and_its_lookahead(engine: Engine) -> None:
    info = engine.info
    assert info.hop > 0
    assert info.lookahead >= 0
    assert info.hop + info.lookahead <= info.window + 1e-9


def test_frames_have_the_shapes_and_types_that_the_interface_states(engine: Engine) -> None:
    samples = voice(45 + frames_for(engine.info.lookahead))
    frames = engine.infer([Window(engine.open_leg(), 0, samples, 10, 45)])[0]
    assert frames.embedding.shape == (35, engine.info.dim)
    assert frames.logits.shape == (35, len(engine.info.labels))
    assert frames.speech.shape == (35,)
    assert {frames.embedding.dtype, frames.logits.dtype, frames.speech.dtype} == {np.dtype(np.float32)}


@pytest.mark.parametrize("sound", ["voice", "digital silence", "full scale", "tiny"])
def test_frames_are_finite_for(sound: str, engine: Engine) -> None:
    samples = {
        "voice": voice(100),
        "digital silence": np.zeros(100 * FRAME_SAMPLES, np.float32),
        "full scale": np.sign(voice(100)),
        "tiny": voice(100) * np.float32(1e-7),
    }[sound]
    frames = engine.infer([whole(engine.open_leg(), samples)])[0]
    assert np.isfinite(frames.embedding).all()
    assert np.isfinite(frames.logits).all()
    assert ((frames.speech >= 0) & (frames.speech <= 1)).all()


def test_speech_is_not_heard_in_digital_silence(engine: Engine) -> None:
    frames = engine.infer([whole(engine.open_leg(), np.zeros(100 * FRAME_SAMPLES, np.float32))])[0]
    assert frames.speech.max() < 0.5


def test_the_same_sound_gives_the_same_frames_twice(engine: Engine) -> None:
    first = engine.infer([whole(engine.open_leg(), voice(80))])[0]
    assert_same(first, engine.infer([whole(engine.open_leg(), voice(80))])[0], 0)


def test_a_window_gives_the_same_frames_alone_as_among_others(engine: Engine) -> None:
    sounds = [voice(frames, seed) for seed, frames in enumerate((100, 100, 37, 100, 1, 60, 100, 37))]
    alone = [engine.infer([whole(engine.open_leg(), sound)])[0] for sound in sounds]
    together = engine.infer([whole(engine.open_leg(), sound) for sound in sounds])
    assert_same(joined(together), joined(alone), 1e-5)


def test_results_come_in_the_order_of_the_windows(engine: Engine) -> None:
    lengths = [20, 50, 20, 35, 50, 3]
    results = engine.infer([whole(engine.open_leg(), voice(length)) for length in lengths])
    assert [len(result.speech) for result in results] == lengths


def test_no_windows_give_no_frames(engine: Engine) -> None:
    assert engine.infer([]) == []


def test_a_call_of_one_frame_has_one_frame(engine: Engine) -> None:
    assert engine.infer([whole(engine.open_leg(), voice(1))])[0].embedding.shape == (1, engine.info.dim)


@pytest.mark.parametrize("total", [1, 24, 25, 26, 137, 250])
def test_a_call_of_any_length_has_every_frame_once(total: int, engine: Engine) -> None:
    frames = listen(engine, engine.open_leg(), voice(total))
    assert len(frames.embedding) == len(frames.logits) == len(frames.speech) == total


@pytest.mark.parametrize("hop", [0.1, 0.3, 1.0])
def test_speech_does_not_depend_on_the_hop(hop: float, engine: Engine) -> None:
    reference = listen(engine, engine.open_leg(), voice(180))
    frames = listen(engine, engine.open_leg(), voice(180), hop=hop)
    np.testing.assert_allclose(frames.speech, reference.speech, atol=1e-4)


def test_legs_of_one_batch_do_not_influence_each_other(engine: Engine) -> None:
    customer, agent = engine.open_leg(), engine.open_leg()
    batches = zip(windows(engine, customer, voice(150, 1)), windows(engine, agent, voice(150, 2)), strict=True)
    pairs = [engine.infer(batch) for batch in batches]
    assert_same(joined([pair[0] for pair in pairs]), listen(engine, engine.open_leg(), voice(150, 1)), 1e-5)
    assert_same(joined([pair[1] for pair in pairs]), listen(engine, engine.open_leg(), voice(150, 2)), 1e-5)


def test_a_new_leg_knows_nothing_of_earlier_ones(engine: Engine) -> None:
    before = listen(engine, engine.open_leg(), voice(60, 3))
    listen(engine, engine.open_leg(), voice(100, 4) * 5)
    assert_same(listen(engine, engine.open_leg(), voice(60, 3)), before, 0)


def spoiled(window: Window, fault: str) -> Window:
    """The window with one thing wrong with it."""
    samples = window.samples
    with_nan = samples.copy()
    with_nan[-1] = math.nan
    return {
        "int16 samples": replace(window, samples=(samples * 32767).astype(np.int16)),
        "float64 samples": replace(window, samples=samples.astype(np.float64)),
        "two channels": replace(window, samples=np.stack([samples, samples])),
        "not a number": replace(window, samples=with_nan),
        "infinity": replace(window, samples=with_nan * 0 + np.float32(np.inf)),
        "part of a frame": replace(window, samples=samples[:-1]),
        "no samples": replace(window, samples=samples[:0]),
        "frames before the window": replace(window, first=window.start - 1),
        "frames after the window": replace(window, stop=window.start + len(samples) // FRAME_SAMPLES + 1),
        "no frames": replace(window, stop=window.first),
    }[fault]


FAULTS = (
    "int16 samples",
    "float64 samples",
    "two channels",
    "not a number",
    "infinity",
    "part of a frame",
    "no samples",
    "frames before the window",
    "frames after the window",
    "no frames",
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_window_is_refused_and_no_leg_is_harmed_by(fault: str, engine: Engine) -> None:
    legs = [engine.open_leg(), engine.open_leg()]
    first, second = (list(windows(engine, leg, voice(150, seed))) for seed, leg in enumerate(legs))
    with pytest.raises(WindowError):
        engine.infer([first[0], spoiled(second[0], fault)])
    results = [engine.infer(batch) for batch in zip(first, second, strict=True)]
    assert_same(joined([pair[0] for pair in results]), listen(engine, engine.open_leg(), voice(150, 0)), 1e-5)
    assert_same(joined([pair[1] for pair in results]), listen(engine, engine.open_leg(), voice(150, 1)), 1e-5)


def test_two_windows_of_one_leg_in_a_batch_are_refused(engine: Engine) -> None:
    leg = engine.open_leg()
    with pytest.raises(WindowError):
        engine.infer([whole(leg, voice(50)), whole(leg, voice(50))])


def test_windows_of_a_leg_that_is_not_open_are_refused_and_harm_nobody(engine: Engine) -> None:
    closed, leg = engine.open_leg(), engine.open_leg()
    engine.close_leg(closed)
    first, *rest = windows(engine, leg, voice(150))

    with pytest.raises(WindowError, match="is not open"):
        engine.infer([first, whole(closed, voice(50))])

    results = [engine.infer([window])[0] for window in (first, *rest)]
    assert_same(joined(results), listen(engine, engine.open_leg(), voice(150)), 1e-5)


def test_a_leg_may_be_closed_twice(engine: Engine) -> None:
    leg, other = engine.open_leg(), engine.open_leg()
    engine.close_leg(leg)
    engine.close_leg(leg)
    assert len(listen(engine, other, voice(50)).speech) == 50


def test_of_legs_that_are_closed_nothing_is_kept(engine: Engine) -> None:
    bytes_of_leg(engine, voice(100))
    before = bytes_of(engine)
    held = sum(bytes_of_leg(engine, voice(100, seed)) for seed in range(20))
    assert held > 2 * 256
    assert bytes_of(engine) <= before + 256


def test_a_leg_keeps_no_more_after_a_minute_than_after_ten_seconds(engine: Engine) -> None:
    bytes_of_leg(engine, voice(500))
    assert bytes_of_leg(engine, voice(3000)) <= 1.02 * bytes_of_leg(engine, voice(500)) + 256
