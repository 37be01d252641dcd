"""What the emotion2vec engine does beyond what every engine does."""

import numpy as np
import pytest
import torch

from monitor.conformance.engine_calls import assert_same, joined, voice, whole
from monitor.engines.base import Window, WindowError
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.errors import EngineError
from monitor.timeline import FRAME_SAMPLES
from tests.engines.emotion2vec.conftest import tiny_settings


def test_info_is_that_of_the_folder(engine, model_dir):
    info = engine.info
    assert (info.name, info.model, info.dim, info.device) == ("emotion2vec", str(model_dir), 64, "cpu")
    assert (info.window, info.hop, info.lookahead) == (2.0, 0.5, 0.5)
    assert len(info.version) == 12


def test_labels_without_unused_classes_have_as_many_logits(seed_engine):
    frames = seed_engine.infer([whole(seed_engine.open_leg(), voice(20))])[0]
    assert seed_engine.info.labels == ("angry", "happy", "neutral", "sad", "unknown")
    assert frames.logits.shape == (20, 5)


def test_more_windows_than_a_batch_holds_give_what_each_gives_alone(model_dir):
    engine = Emotion2vecEngine(tiny_settings(model_dir, max_batch=3))
    sounds = [voice(50, seed) for seed in range(8)]
    alone = [engine.infer([whole(engine.open_leg(), sound)])[0] for sound in sounds]
    together = engine.infer([whole(engine.open_leg(), sound) for sound in sounds])
    assert_same(joined(together), joined(alone), 1e-5)


def test_samples_so_large_that_the_model_overflows_are_refused(engine):
    leg = engine.open_leg()
    with pytest.raises(WindowError, match="beyond the model"):
        engine.infer([whole(leg, np.full(50 * FRAME_SAMPLES, 3e38, np.float32))])
    assert_same(engine.infer([whole(leg, voice(50))])[0], engine.infer([whole(engine.open_leg(), voice(50))])[0], 0)


def test_results_do_not_hold_on_to_the_whole_batch(engine):
    frames = engine.infer([Window(engine.open_leg(), 0, voice(100), 10, 20)])[0]
    assert frames.embedding.base is None
    assert frames.logits.base is None


def test_threads_are_those_of_the_settings_whatever_others_set(engine):
    torch.set_num_threads(2)
    engine.infer([whole(engine.open_leg(), voice(5))])
    assert torch.get_num_threads() == 1


def test_warming_up_changes_no_result(engine):
    before = engine.infer([whole(engine.open_leg(), voice(50))])[0]
    engine.warm_up()
    assert_same(engine.infer([whole(engine.open_leg(), voice(50))])[0], before, 0)


@pytest.mark.parametrize("device", ["gpu", "mps", "cuda:x", "meta"])
def test_a_device_that_is_none_is_refused_before_weights_are_looked_for(device, no_hubs):
    with pytest.raises(EngineError, match=rf"engine\.device: '{device}' is"):
        Emotion2vecEngine(Emotion2vecOptions(device=device))


def test_a_gpu_that_is_not_there_is_said_so(no_hubs):
    with pytest.raises(EngineError, match=r"cuda:99 was asked for, but torch .* sees \d+ GPUs"):
        Emotion2vecEngine(Emotion2vecOptions(device="cuda:99"))
