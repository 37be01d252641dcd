"""What every engine keeps to, whatever is in it: `monitor/engines/base.py`."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from monitor.config.sections import ENGINES
from monitor.engines.base import Engine, Window, WindowError
from monitor.timeline import FRAME_SAMPLES, frames_for
from tests.conformance.engine_calls import assert_same, bytes_of, bytes_of_leg, joined, listen, voice, whole, windows
from tests.conformance.engine_cases import CASES, EVERY_ENGINE, STREAMING_ENGINES, WINDOWED_ENGINES, EngineCase

EMOTIONS = {"angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[EngineCase], Engine]:
    engines: dict[str, Engine] = {}

    def get(case: EngineCase) -> Engine:
        if case.name not in engines:
            engines[case.name] = case.load(tmp_path_factory.mktemp(case.name))
        return engines[case.name]

    return get


@pytest.fixture
def engine(case: EngineCase, loaded: Callable[[EngineCase], Engine]) -> Engine:
    return loaded(case)


every_engine = pytest.mark.parametrize("case", EVERY_ENGINE)


def test_every_registered_engine_is_in_this_suite():
    assert {case.name for case in CASES} == set(ENGINES.names())


@every_engine
def test_info_says_what_is_loaded(case, engine):
    info = engine.info
    assert info.name == case.name
    assert info.model
    assert info.version
    assert info.dim > 0
    assert info.device


@every_engine
def test_labels_are_the_names_that_rules_use(case, engine):
    assert set(engine.info.labels) - {"unknown"} == EMOTIONS
    assert len(set(engine.info.labels)) == len(engine.info.labels)


@every_engine
def test_default_window_holds_a_hop_and_its_lookahead(case, engine):
    info = engine.info
    assert info.hop > 0
    assert info.lookahead >= 0
    assert info.hop + info.lookahead <= info.window + 1e-9


@every_engine
def test_frames_have_the_shapes_and_types_that_the_interface_states(case, engine):
    samples = voice(45 + frames_for(engine.info.lookahead))
    frames = engine.infer([Window(engine.open_leg(), 0, samples, 10, 45)])[0]
    assert frames.embedding.shape == (35, engine.info.dim)
    assert frames.logits.shape == (35, len(engine.info.labels))
    assert frames.speech.shape == (35,)
    assert {frames.embedding.dtype, frames.logits.dtype, frames.speech.dtype} == {np.dtype(np.float32)}


@every_engine
@pytest.mark.parametrize("sound", ["voice", "digital silence", "full scale", "tiny"])
def test_frames_are_finite_for(sound, case, engine):
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


@every_engine
def test_speech_is_not_heard_in_digital_silence(case, engine):
    frames = engine.infer([whole(engine.open_leg(), np.zeros(100 * FRAME_SAMPLES, np.float32))])[0]
    assert frames.speech.max() < 0.5


@every_engine
def test_the_same_sound_gives_the_same_frames_twice(case, engine):
    first = engine.infer([whole(engine.open_leg(), voice(80))])[0]
    assert_same(first, engine.infer([whole(engine.open_leg(), voice(80))])[0], 0)


@every_engine
def test_a_window_gives_the_same_frames_alone_as_among_others(case, engine):
    sounds = [voice(frames, seed) for seed, frames in enumerate((100, 100, 37, 100, 1, 60, 100, 37))]
    alone = [engine.infer([whole(engine.open_leg(), sound)])[0] for sound in sounds]
    together = engine.infer([whole(engine.open_leg(), sound) for sound in sounds])
    assert_same(joined(together), joined(alone), 1e-5)


@every_engine
def test_results_come_in_the_order_of_the_windows(case, engine):
    lengths = [20, 50, 20, 35, 50, 3]
    results = engine.infer([whole(engine.open_leg(), voice(length)) for length in lengths])
    assert [len(result.speech) for result in results] == lengths


@every_engine
def test_no_windows_give_no_frames(case, engine):
    assert engine.infer([]) == []


@every_engine
def test_a_call_of_one_frame_has_one_frame(case, engine):
    assert engine.infer([whole(engine.open_leg(), voice(1))])[0].embedding.shape == (1, engine.info.dim)


@every_engine
@pytest.mark.parametrize("total", [1, 24, 25, 26, 137, 250])
def test_a_call_of_any_length_has_every_frame_once(total, case, engine):
    frames = listen(engine, engine.open_leg(), voice(total))
    assert len(frames.embedding) == len(frames.logits) == len(frames.speech) == total


@every_engine
@pytest.mark.parametrize("hop", [0.1, 0.3, 1.0])
def test_speech_does_not_depend_on_the_hop(hop, case, engine):
    reference = listen(engine, engine.open_leg(), voice(180))
    frames = listen(engine, engine.open_leg(), voice(180), hop=hop)
    np.testing.assert_allclose(frames.speech, reference.speech, atol=1e-4)


@pytest.mark.parametrize("case", STREAMING_ENGINES)
@pytest.mark.parametrize("hop", [0.1, 0.3, 1.0])
def test_frames_of_a_streaming_engine_do_not_depend_on_the_hop(hop, case, engine):
    reference = listen(engine, engine.open_leg(), voice(180))
    assert_same(listen(engine, engine.open_leg(), voice(180), hop=hop), reference, 1e-4)


@pytest.mark.parametrize("case", STREAMING_ENGINES)
def test_frames_of_a_streaming_engine_do_not_depend_on_the_window(case, engine):
    reference = listen(engine, engine.open_leg(), voice(180))
    leg = engine.open_leg()
    long_windows = [engine.infer([window])[0] for window in windows(engine, leg, voice(180), window=3.0)]
    assert_same(joined(long_windows), reference, 1e-4)


@pytest.mark.parametrize("case", WINDOWED_ENGINES)
def test_frames_of_a_windowed_engine_depend_on_the_window_alone(case, engine):
    reference = engine.infer([whole(engine.open_leg(), voice(100))])[0]
    part = engine.infer([Window(engine.open_leg(), 0, voice(100), 30, 55)])[0]
    np.testing.assert_allclose(part.embedding, reference.embedding[30:55], atol=1e-5)
    np.testing.assert_allclose(part.logits, reference.logits[30:55], atol=1e-5)


@every_engine
def test_legs_of_one_batch_do_not_influence_each_other(case, engine):
    customer, agent = engine.open_leg(), engine.open_leg()
    batches = zip(windows(engine, customer, voice(150, 1)), windows(engine, agent, voice(150, 2)), strict=True)
    pairs = [engine.infer(batch) for batch in batches]
    assert_same(joined([pair[0] for pair in pairs]), listen(engine, engine.open_leg(), voice(150, 1)), 1e-5)
    assert_same(joined([pair[1] for pair in pairs]), listen(engine, engine.open_leg(), voice(150, 2)), 1e-5)


@every_engine
def test_a_new_leg_knows_nothing_of_earlier_ones(case, engine):
    before = listen(engine, engine.open_leg(), voice(60, 3))
    listen(engine, engine.open_leg(), voice(100, 4) * 5)
    assert_same(listen(engine, engine.open_leg(), voice(60, 3)), before, 0)


def spoiled(window: Window, fault: str) -> Window:
    """The window with one thing wrong with it."""
    samples = window.samples
    with_nan = samples.copy()
    with_nan[-1] = math.nan
    return {
        "int16 samples": replace(window, samples=(samples * 32767).astype(np.int16)),  # type: ignore[arg-type]
        "float64 samples": replace(window, samples=samples.astype(np.float64)),  # type: ignore[arg-type]
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


@every_engine
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_window_is_refused_and_no_leg_is_harmed_by(fault, case, engine):
    legs = [engine.open_leg(), engine.open_leg()]
    first, second = (list(windows(engine, leg, voice(150, seed))) for seed, leg in enumerate(legs))
    with pytest.raises(WindowError):
        engine.infer([first[0], spoiled(second[0], fault)])
    results = [engine.infer(batch) for batch in zip(first, second, strict=True)]
    assert_same(joined([pair[0] for pair in results]), listen(engine, engine.open_leg(), voice(150, 0)), 1e-5)
    assert_same(joined([pair[1] for pair in results]), listen(engine, engine.open_leg(), voice(150, 1)), 1e-5)


@every_engine
def test_two_windows_of_one_leg_in_a_batch_are_refused(case, engine):
    leg = engine.open_leg()
    with pytest.raises(WindowError):
        engine.infer([whole(leg, voice(50)), whole(leg, voice(50))])


@every_engine
def test_windows_of_a_leg_that_is_not_open_are_refused_and_harm_nobody(case, engine):
    closed, leg = engine.open_leg(), engine.open_leg()
    engine.close_leg(closed)
    first, *rest = windows(engine, leg, voice(150))

    with pytest.raises(WindowError, match="is not open"):
        engine.infer([first, whole(closed, voice(50))])

    results = [engine.infer([window])[0] for window in (first, *rest)]
    assert_same(joined(results), listen(engine, engine.open_leg(), voice(150)), 1e-5)


@every_engine
def test_a_leg_may_be_closed_twice(case, engine):
    leg, other = engine.open_leg(), engine.open_leg()
    engine.close_leg(leg)
    engine.close_leg(leg)
    assert len(listen(engine, other, voice(50)).speech) == 50


@every_engine
def test_of_a_leg_that_is_closed_nothing_is_kept(case, engine):
    bytes_of_leg(engine, voice(500))
    before = bytes_of(engine)
    assert bytes_of_leg(engine, voice(500, 1)) > 1000
    assert bytes_of(engine) <= before + 256


@every_engine
def test_a_leg_keeps_no_more_after_a_minute_than_after_ten_seconds(case, engine):
    bytes_of_leg(engine, voice(500))
    assert bytes_of_leg(engine, voice(3000)) <= 1.02 * bytes_of_leg(engine, voice(500)) + 256
