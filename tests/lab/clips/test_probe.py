"""A linear probe of embeddings: whom it learns from, whom it is tested on, and its figures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score, recall_score

from lab.clips.measure import ClipsHeard
from lab.clips.probe import STRENGTHS, Folds, ProbeScores, probe
from lab.labels import Clip
from monitor.errors import ConfigError

TWO = ("angry", "sad")


def clips_of(speakers: Sequence[str], *, each: int = 8, fold: dict[str, str] | None = None, dataset: str = "one") -> list[Clip]:
    """So many clips of each speaker, angry and sad in turn; `fold` of each speaker."""
    return [
        Clip(Path(f"{speaker}-{number}"), dataset, speaker, "", TWO[number % 2], (fold or {}).get(speaker, ""))
        for speaker in speakers
        for number in range(each)
    ]


def spread(clips: Sequence[Clip], sign: dict[str, float] | None = None) -> NDArray[np.float64]:
    """Embeddings of two numbers, of which the first is the emotion, turned round where a speaker's sign is -1."""
    noise = np.random.default_rng(0).normal(scale=0.1, size=len(clips))
    said = [(1 if clip.emotion == "angry" else -1) * (sign or {}).get(clip.speaker, 1.0) for clip in clips]
    return np.stack([said + noise, np.zeros(len(clips))], axis=1)


def told(clips: Sequence[Clip], embeddings: NDArray[np.float64], folds: Folds | None = None) -> dict[str, ProbeScores]:
    heard = ClipsHeard(tuple(clips), np.zeros((len(clips), 2)), embeddings, (), 1.0)
    return probe(heard, folds or Folds()).datasets


def test_what_embeddings_tell_of_everybody_is_found_in_every_fold() -> None:
    clips = clips_of("abcdef")
    found = told(clips, spread(clips))["one"]
    assert (found.uar, found.wa, found.f1, found.intervals["uar"]) == (1.0, 1.0, 1.0, (1.0, 1.0))
    assert (found.clips, found.speakers, len(found.folds), found.speakers_in_several_folds) == (48, 6, 5, 0)
    assert (found.classes, found.confusion) == (["angry", "sad"], [[24, 0], [0, 24]])


def test_who_is_tested_was_not_learned_from() -> None:
    """Two people whose emotions are told apart, each in the other's opposite way: by the other alone all is wrong."""
    clips = clips_of("ab")
    found = told(clips, spread(clips, {"b": -1.0}))["one"]
    assert (found.uar, [fold.speakers for fold in found.folds]) == (0.0, [1, 1])


def test_bounds_are_of_speakers() -> None:
    clips = clips_of("abcd", fold={"c": "1", "d": "1"})
    found = told(clips, spread(clips, {"d": -1.0}))["one"]
    assert (found.uar, found.intervals["uar"]) == (0.5, (0.0, 1.0))


def test_folds_that_a_set_publishes_are_those_in_which_it_is_tested() -> None:
    clips = clips_of("abc", fold={"a": "1", "b": "2"})
    found = told(clips, spread(clips))["one"]
    assert [(fold.fold, fold.clips, fold.trained_on) for fold in found.folds] == [("1", 8, 16), ("2", 8, 16)]
    assert (found.clips, found.speakers) == (16, 2)


def test_folds_that_are_asked_for_are_drawn_by_speaker_whatever_the_set_publishes() -> None:
    clips = clips_of("abcdef", fold={"a": "1", "b": "2"})
    found = told(clips, spread(clips), Folds(count=3))["one"]
    assert (sum(fold.speakers for fold in found.folds), [fold.clips for fold in found.folds]) == (6, [16, 16, 16])


def test_speakers_of_several_published_folds_are_told() -> None:
    clips = [*clips_of("ab", fold={"a": "1", "b": "2"}), *clips_of("a", fold={"a": "2"})]
    assert told(clips, spread(clips))["one"].speakers_in_several_folds == 1


def test_each_dataset_is_a_task_of_its_own() -> None:
    clips = [*clips_of("ab"), *clips_of("ab", dataset="two")]
    embeddings = spread(clips)
    embeddings[16:] *= -1
    found = told(clips, embeddings)
    assert {name: scores.uar for name, scores in found.items()} == {"one": 1.0, "two": 1.0}


def test_figures_are_those_of_scikit_learn() -> None:
    clips = clips_of("abcd", fold={"a": "test", "b": "test"})
    embeddings = np.random.default_rng(3).normal(size=(len(clips), 2))
    found = told(clips, embeddings)["one"]
    (fold,) = found.folds
    truth = [row for row, counts in enumerate(found.confusion) for count in counts for _ in range(count)]
    said = [column for counts in found.confusion for column, count in enumerate(counts) for _ in range(count)]
    assert 0 < fold.uar < 1
    assert fold.uar == pytest.approx(recall_score(truth, said, average="macro"))
    assert fold.f1 == pytest.approx(f1_score(truth, said, average="macro"))


def test_the_strength_is_chosen_without_the_clips_that_are_tested() -> None:
    clips = clips_of("abcdef", fold={"a": "1"})
    embeddings = np.random.default_rng(1).normal(size=(len(clips), 2)) + 0.3 * spread(clips)
    other = embeddings.copy()
    other[:8] = -5 * other[:8]
    (fold,), (again,) = (told(clips, each)["one"].folds for each in (embeddings, other))
    assert fold.uar != again.uar
    assert fold.strength == again.strength
    assert fold.strength in STRENGTHS


def test_a_seed_draws_the_same_folds_and_another_one_others() -> None:
    clips = clips_of("abcdefgh", each=4)
    embeddings = np.random.default_rng(2).normal(size=(len(clips), 2))
    one, same, other = (told(clips, embeddings, Folds(3, seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (clips_of("a"), "one has one speaker"),
        ([clip for clip in clips_of("ab") if clip.emotion == "sad"], "all clips of one are sad"),
        (clips_of("ab", fold={"a": "1", "b": "1"}), "without fold 1, one has no two emotions to learn from"),
    ],
)
def test_a_dataset_that_cannot_be_divided_is_refused(clips: list[Clip], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        told(clips, spread(clips))


def test_an_engine_without_embeddings_is_refused() -> None:
    clips = clips_of("ab")
    with pytest.raises(ConfigError, match="no embeddings"):
        told(clips, np.zeros((len(clips), 0)))
