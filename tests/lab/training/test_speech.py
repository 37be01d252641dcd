"""A layer for speech alone: fitted on what a finished network hears, it learns what rings, and changes nothing else."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from lab.training import speech
from lab.training.speech import train_speech
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.options import CompactOptions
from monitor.engines.compact.weights import Weights, load_weights, save_weights
from tests.engines.compact.conftest import random_weights, voice
from tests.engines.compact.test_engine import stream

FEW = {"voice": 12, "voice after a tone": 2, "tone": 8, "any tone": 2, "melody": 2, "music": 2, "noise": 2}


@pytest.fixture(scope="module")
def fitted(clips_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speech")
    (folder / "lines").mkdir()
    soundfile.write(folder / "lines" / "call.wav", voice(4.0)[::2], 8_000)
    save_weights(folder / "start.safetensors", random_weights())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speech, "PIECES", FEW)
        train_speech(
            folder / "start.safetensors",
            clips_folder,
            folder / "fitted.safetensors",
            lines=folder / "lines",
            progress=lambda *told: None,
        )
    return folder


def weights(fitted: Path, name: str) -> Weights:
    return load_weights(fitted / f"{name}.safetensors", STEP_INPUTS)


def test_nothing_but_the_layer_for_speech_is_new(fitted):
    before, after = weights(fitted, "start"), weights(fitted, "fitted")
    new = after.tensors.keys() - before.tensors.keys()
    assert {name.split(".")[0] for name in new} == {"speech"}
    assert all(np.array_equal(before.tensors[name], after.tensors[name]) for name in before.tensors)
    assert (before.name, after.shape.speech, after.about["speech"]["lines"]) == (after.name, 32, 1)
    assert before.digest != after.digest


def test_embeddings_and_logits_stay_as_they_were_to_the_bit(fitted):
    engines = [CompactEngine(CompactOptions(model=str(fitted / f"{name}.safetensors"))) for name in ("start", "fitted")]
    before, after = (stream(engine, voice(3.0), [20]) for engine in engines)
    np.testing.assert_array_equal(before.embedding, after.embedding)
    np.testing.assert_array_equal(before.logits, after.logits)
    assert not np.array_equal(before.speech, after.speech)


def test_speech_of_the_layer_does_not_depend_on_how_the_sound_is_cut(fitted):
    engine = CompactEngine(CompactOptions(model=str(fitted / "fitted.safetensors")))
    one, other = stream(engine, voice(3.0), [7, 31, 2]).speech, stream(engine, voice(3.0), [1000]).speech
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_pieces_of_a_seed_are_the_same_and_as_long_as_they_say(clips_folder):
    from lab.labels import read_clips

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speech, "PIECES", {"voice": 1, "tone": 1, "melody": 1})
        sounds = speech.Sounds(read_clips(clips_folder))
        one, other = (speech.make_pieces(sounds, lambda *told: None) for _ in range(2))
    assert [len(piece.samples) // 320 for piece in one] == [len(piece.speech) for piece in one] == [500] * 3
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(one, other, strict=True))
    assert [bool(piece.speech.any()) for piece in one] == [True, False, False]
