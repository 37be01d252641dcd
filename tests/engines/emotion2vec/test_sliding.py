"""Windows that slide: what is kept of one for the next changes no result."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from monitor.audio.chunk import Samples
from monitor.conformance.engine_calls import assert_same, joined, listen, voice, windows
from monitor.engines.base import Engine, Window, WindowError, WindowFrames
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.timeline import FRAME_SAMPLES
from tests.engines.emotion2vec.conftest import tiny_settings

SOUND = voice(400, 5)


@pytest.fixture(scope="module")
def sliding(model_dir) -> Emotion2vecEngine:
    return Emotion2vecEngine(tiny_settings(model_dir, normalise="leg"))


def window_at(leg: int, end: int, first: int, stop: int) -> Window:
    start = max(0, end - 100)
    return Window(leg, start, SOUND[start * FRAME_SAMPLES : end * FRAME_SAMPLES], first, stop)


def heard_by_steps(engine: Engine, step: int) -> WindowFrames:
    """Frames [250, 275) of the window that ends at 300, after windows of another step."""
    leg = engine.open_leg()
    for end in range(step, 300, step):
        engine.infer([window_at(leg, end, end - 1, end)])
    return engine.infer([window_at(leg, 300, 250, 275)])[0]


@pytest.mark.parametrize("step", [5, 15, 50, 60])
def test_a_window_gives_the_same_frames_wherever_the_hops_before_it_fell(step, sliding):
    assert_same(heard_by_steps(sliding, step), heard_by_steps(sliding, 25), 1e-5)


def test_the_first_windows_are_heard_as_funasr_hears_them(sliding, engine):
    first = [window_at(leg, 100, 25, 50) for leg in (sliding.open_leg(), engine.open_leg())]
    assert_same(sliding.infer(first[:1])[0], engine.infer(first[1:])[0], 1e-5)


def test_later_frames_are_close_to_those_of_windows_normalised_by_themselves(sliding, engine):
    ours, theirs = (listen(one, one.open_leg(), SOUND).embedding for one in (sliding, engine))
    cosine = (ours * theirs).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert cosine.mean() > 0.999


def fresh(engine: Emotion2vecEngine, window: Window) -> Samples:
    """The samples of a window whose features are computed anew."""
    (leg,) = engine._legs.contexts([window])
    return leg.fresh(window)


def test_only_new_frames_are_computed_from_their_samples(sliding):
    leg = sliding.open_leg()
    sliding.infer([window_at(leg, 100, 25, 50)])
    sliding.infer([window_at(leg, 200, 125, 150)])
    assert len(fresh(sliding, window_at(leg, 225, 150, 175))) == 26 * FRAME_SAMPLES + 80


def test_a_window_after_a_hole_is_computed_whole(sliding):
    leg = sliding.open_leg()
    sliding.infer([window_at(leg, 100, 25, 50)])
    sliding.infer([window_at(leg, 200, 125, 150)])
    assert len(fresh(sliding, window_at(leg, 350, 275, 300))) == 100 * FRAME_SAMPLES + 80


def test_a_window_offered_again_gives_the_same(sliding):
    leg = sliding.open_leg()
    offered = list(windows(sliding, leg, SOUND))[:5]
    results = [sliding.infer([window])[0] for window in offered]
    assert_same(sliding.infer([offered[-1]])[0], results[-1], 1e-5)


def test_more_frames_wanted_of_a_window_are_the_same_frames(sliding):
    apart = [
        sliding.infer([window])[0] for window in windows(sliding, sliding.open_leg(), SOUND[: 200 * FRAME_SAMPLES], hop=0.5)
    ]
    leg = sliding.open_leg()
    together = sliding.infer([window_at(leg, 75, 0, 50)])[0], sliding.infer([window_at(leg, 125, 50, 100)])[0]
    assert_same(replace_rows(together[1], 25, 50), apart[3], 1e-5)


def replace_rows(frames: WindowFrames, first: int, stop: int) -> WindowFrames:
    return WindowFrames(frames.embedding[first:stop], frames.logits[first:stop], frames.speech[first:stop])


def test_legs_of_many_places_in_one_batch_are_heard_as_if_alone(sliding):
    legs = [sliding.open_leg() for _ in range(4)]
    ends = (75, 150, 225, 400)
    for leg, end in zip(legs, ends, strict=True):
        for window in list(windows(sliding, leg, SOUND[: end * FRAME_SAMPLES]))[:-1]:
            sliding.infer([window])
    last = [list(windows(sliding, leg, SOUND[: end * FRAME_SAMPLES]))[-1] for leg, end in zip(legs, ends, strict=True)]
    alone = [listen(sliding, sliding.open_leg(), SOUND[: end * FRAME_SAMPLES]) for end in ends]
    together = sliding.infer(last)
    expected = [replace_rows(frames, one.first, one.stop) for frames, one in zip(alone, last, strict=True)]
    assert_same(joined(together), joined(expected), 1e-5)


def test_a_bad_window_is_named_by_its_place_in_the_batch(sliding):
    good, bad = (window_at(sliding.open_leg(), 100, 25, 50) for _ in range(2))
    bad = replace(bad, samples=bad.samples * np.float32(np.nan))
    with pytest.raises(WindowError, match=r"^window 1: 32000 samples of the window are not finite") as caught:
        sliding.infer([good, bad])
    assert caught.value.window == 1


def test_legs_laid_end_to_end_have_the_features_of_each_alone(sliding):
    stem = sliding._runner._stem
    waves = [torch.from_numpy(voice(frames + 1, frames)[: frames * FRAME_SAMPLES + 80]) for frames in (1, 26, 3, 100)]
    filled = torch.cat([torch.nn.functional.pad(wave, (0, FRAME_SAMPLES - 80)) for wave in waves])
    together = stem.end_to_end(filled, [1, 26, 3, 100])
    torch.testing.assert_close(together, [stem(wave) for wave in waves], atol=1e-5, rtol=0)
