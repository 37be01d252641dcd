"""Labelled clips: reading their table, choosing among them, and the tables of what was heard."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.clips.choice import check_kept_apart, check_labels, chosen
from lab.clips.measure import ClipsHeard, hear_clips, tabulate, utterance_embedding, utterance_logits
from lab.hearing.hearing import Hearing
from lab.hearing.listeners import Listeners
from lab.hearing.takes import Take
from lab.labels import Clip, held_out, read_clips
from monitor.config.sections import EngineSection
from monitor.engines.compact.options import CompactOptions
from monitor.engines.compact.weights import save_weights
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.errors import ConfigError
from tests.engines.compact.conftest import random_weights

FOUR = ("angry", "happy", "neutral", "sad")


def table(folder: Path, text: str) -> Path:
    (folder / "a.wav").touch()
    (folder / "labels.csv").write_text(text)
    return folder


def test_columns_that_are_not_told_have_defaults_and_others_are_ignored(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    (clip,) = read_clips(table(folder, "emotion,file,speaker,shoe_size\nangry,a.wav,7,43\n"))
    assert clip == Clip(folder / "a.wav", "ours", "7", "", "angry")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no clip"),
        ("file,speaker\na.wav,1\n", "lacks the column emotion"),
        ("file,speaker,emotion\na.wav,,angry\n", r"labels\.csv:2: speaker is empty"),
        ("file,speaker,emotion\na.wav,1\n", r"labels\.csv:2: emotion is empty"),
        ("file,speaker,emotion\nnone.wav,1,angry\n", r"labels\.csv:2: there is no file .*none\.wav"),
        ("file,dataset,speaker,emotion\na.wav,all,1,angry\n", "no dataset may be called 'all'"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_clips(table(tmp_path, text))


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_clips(tmp_path)


def clips_of(counts: dict[tuple[str, str], int]) -> list[Clip]:
    return [
        Clip(Path(f"{dataset}-{emotion}-{number}"), dataset, "1", "", emotion)
        for (dataset, emotion), count in counts.items()
        for number in range(count)
    ]


def test_a_limit_takes_datasets_and_emotions_alike_as_far_as_they_go() -> None:
    clips = clips_of({("big", "angry"): 100, ("big", "sad"): 80, ("small", "angry"): 3})
    kept = chosen(clips, limit=23)
    assert Counter((clip.dataset, clip.emotion) for clip in kept) == {
        ("big", "angry"): 10,
        ("big", "sad"): 10,
        ("small", "angry"): 3,
    }
    assert kept == sorted(kept, key=clips.index)


def test_the_seed_chooses_under_a_limit() -> None:
    clips = clips_of({("big", "angry"): 100})
    assert chosen(clips, limit=5, seed=1) == chosen(clips, limit=5, seed=1) != chosen(clips, limit=5, seed=2)


def test_held_speakers_are_those_that_training_keeps_apart(clips_folder: Path) -> None:
    kept = chosen(read_clips(clips_folder), speakers="held")
    assert {(clip.dataset, clip.speaker) for clip in kept} == held_out(read_clips(clips_folder), 0.2)


def weights_that_kept(share: float, folder: Path) -> EngineSection:
    path = folder / "weights.safetensors"
    save_weights(path, replace(random_weights(), about={"recipe": {"held_share": share}, "twin": "compact-measured"}))
    return CompactOptions(model=str(path))


def test_weights_that_learned_from_everyone_are_not_measured_on_held_speakers(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"random learned from everyone.*measure compact-measured"):
        check_kept_apart(weights_that_kept(0.0, tmp_path))


def test_weights_that_kept_people_apart_and_other_engines_are_measured_on_held_speakers(tmp_path: Path) -> None:
    check_kept_apart(weights_that_kept(0.2, tmp_path))
    check_kept_apart(Emotion2vecOptions())


def test_classes_keep_the_clips_with_these_labels(clips_folder: Path) -> None:
    kept = chosen(read_clips(clips_folder), classes=("angry", "sad"))
    assert Counter(clip.emotion for clip in kept) == {"angry": 4, "sad": 4}


def test_a_choice_that_leaves_nothing_is_refused(clips_folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"none of 16 clips is left.*angry, happy, neutral, sad.*surprised"):
        chosen(read_clips(clips_folder), classes=("surprised", "fearful"))


def test_an_emotion_that_the_engine_does_not_tell_is_refused() -> None:
    with pytest.raises(ConfigError, match="labelled bored, which compact does not tell"):
        check_labels(clips_of({("one", "bored"): 1}), FOUR, "compact")


def test_utterance_logits_are_the_mean_of_frame_logits_weighted_by_speech(listeners: Listeners, clips_folder: Path) -> None:
    ((_, hearing),) = listeners.hear([Take(clips_folder / "0.wav", one_speaker=True)])
    assert isinstance(hearing, Hearing)
    frames = hearing.legs["customer"].frames
    expected = np.average(frames.logits.astype(float), axis=0, weights=frames.speech.astype(float) + 1e-6)
    said = utterance_logits(hearing)
    assert said is not None
    np.testing.assert_allclose(said, expected, rtol=1e-9)


def test_an_utterance_is_the_mean_of_its_embeddings_weighted_by_speech(listeners: Listeners, clips_folder: Path) -> None:
    ((_, hearing),) = listeners.hear([Take(clips_folder / "0.wav", one_speaker=True)], embeddings=True)
    assert isinstance(hearing, Hearing)
    frames = hearing.legs["customer"].frames
    weights = [part.sum() for part in np.split(frames.speech.astype(float) + 1e-6, range(frames.stride, 50, frames.stride))]
    expected = np.average(frames.embedding.astype(float), axis=0, weights=weights)
    np.testing.assert_allclose(utterance_embedding(hearing), expected, rtol=1e-6)


def test_embeddings_of_clips_are_kept_where_they_are_asked_for(listeners: Listeners, clips_folder: Path) -> None:
    clips = read_clips(clips_folder)[:2]
    assert hear_clips(listeners, clips, embeddings=True).embeddings.shape == (2, listeners.info.dim)
    assert hear_clips(listeners, clips).embeddings.shape == (2, 0)


def test_clips_are_heard_in_their_order_and_a_broken_one_is_left_out(
    listeners: Listeners, clips_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.wav").write_text("no sound " * 99)
    broken = Clip(tmp_path / "broken.wav", "one", "1", "", "sad")
    first, second, *_ = read_clips(clips_folder)
    done: list[int] = []
    heard = hear_clips(listeners, [first, broken, second], progress=done.append)
    assert (heard.clips, heard.logits.shape, heard.seconds, done) == ((first, second), (2, 8), 2.0, [1, 2, 3])
    assert [each.take.path for each in heard.unheard] == [broken.path]


def test_a_table_has_all_clips_each_dataset_and_each_language_that_is_told() -> None:
    clips = [
        Clip(Path("a"), "one", "1", "de", "angry"),
        Clip(Path("b"), "one", "2", "de", "sad"),
        Clip(Path("c"), "two", "1", "", "sad"),
    ]
    labels = ("angry", "other", "sad")
    logits = np.array([[2.0, 9.0, 1.0], [2.0, 9.0, 1.0], [1.0, 9.0, 2.0]])
    table, languages = tabulate(ClipsHeard(tuple(clips), logits, np.zeros((3, 0)), (), 3.0), labels, ("sad", "angry"))
    assert {name: row.uar for name, row in table.items()} == {"all": 0.75, "one": 0.5, "two": 1.0}
    assert (table["all"].uar_mean_of_datasets, table["one"].uar_mean_of_datasets) == (0.75, None)
    assert (table["all"].speakers, table["all"].confusion) == (3, [[1, 1], [0, 1]])
    assert {name: row.clips for name, row in languages.items()} == {"de": 2}


def test_without_classes_all_labels_of_the_engine_are_decided_among() -> None:
    clip = Clip(Path("a"), "one", "1", "", "sad")
    table, _ = tabulate(ClipsHeard((clip,), np.array([[0.0, 9.0, 1.0]]), np.zeros((1, 0)), (), 1.0), ("angry", "other", "sad"))
    assert (table["all"].wa, table["all"].confusion[2]) == (0.0, [0, 1, 0])
