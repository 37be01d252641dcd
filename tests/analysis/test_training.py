"""What a head learns, and what is said of its worth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import DifferentEnginesError, ExamplesError, MixedWidthsError
from monitor.analysis.labels import Labelled, LabelledExample
from monitor.analysis.training import Plan, train_head
from monitor.errors import ConfigError

pytestmark = pytest.mark.needs("analysis")

LABELS = ("asks", "stays", "threat")
ENGINE = {"name": "compact", "version": "ab12"}
PLAN = Plan("churn")


def utterance(line: int, label: str, vector: np.ndarray, speaker: str, call: str = "", engine: dict = ENGINE) -> Labelled:
    array = np.asarray(vector, np.float32)[None]
    embedding = Embedding(array, "utterance", f"{line}.npy", stored_shape=array.shape, stored_dtype="float32", engine=engine)
    return Labelled(LabelledExample(line, label, f"{line}.npy", Path(f"{line}.npy"), call, speaker), embedding)


def examples(speakers: int = 6, each: int = 5, noise: float = 0.5, calls: bool = False) -> list[Labelled]:
    """Labels lie in directions of their own."""
    rng = np.random.default_rng(7)
    made = []
    for speaker in range(speakers):
        for label in range(len(LABELS)):
            for _ in range(each):
                vector = 2.0 * np.eye(8)[label] + noise * rng.standard_normal(8)
                name = f"s{speaker}"
                made.append(utterance(len(made) + 2, LABELS[label], vector, "" if calls else name, name if calls else ""))
    return made


def test_labels_that_embeddings_tell_are_told_of_speakers_that_were_not_heard() -> None:
    head, figures = train_head(examples(), PLAN, "labels.csv")
    assert figures.accuracy > 0.9 > figures.majority == pytest.approx(1 / 3)
    assert max(head.posterior(2.0 * np.eye(8)[2])) == head.posterior(2.0 * np.eye(8)[2])[head.labels.index("threat")]


def test_labels_that_embeddings_do_not_tell_are_no_better_than_a_guess() -> None:
    shuffled = [replace(one, example=replace(one.example, label=LABELS[n % 3])) for n, one in enumerate(examples(noise=3.0))]
    _, figures = train_head(shuffled, PLAN, "labels.csv")
    assert figures.balanced_accuracy < 0.5


def test_what_a_speaker_is_known_by_does_not_count_where_speakers_are_kept_apart() -> None:
    voices = 3.0 * np.eye(10) + 0.1 * np.random.default_rng(1).standard_normal((8, 10, 10))
    known_by_voice = [
        utterance(10 * n + speaker, ("asks", "stays")[speaker % 2], voices[n, speaker], f"s{speaker}")
        for n in range(8)
        for speaker in range(10)
    ]
    apart = train_head(known_by_voice, PLAN, "labels.csv")[1].accuracy
    mixed = train_head(known_by_voice, replace(PLAN, group="file"), "labels.csv")[1].accuracy
    assert apart < 0.8 < mixed


def test_the_confusion_has_each_example_once_and_the_figures_follow_from_it() -> None:
    _, figures = train_head(examples(noise=1.5), PLAN, "labels.csv")
    confusion = np.array(figures.confusion)
    assert confusion.sum(axis=1).tolist() == list(figures.labels.values()) == [30, 30, 30]
    assert figures.accuracy == pytest.approx(confusion.trace() / 90)
    assert figures.recall["asks"] == pytest.approx(confusion[0, 0] / 30)
    assert (figures.group, figures.groups, figures.folds) == ("speaker", 6, 5)


def test_calls_are_kept_together_where_no_speaker_is_named_and_are_named_in_the_header() -> None:
    head, figures = train_head(examples(calls=True), PLAN, "labels.csv")
    assert (figures.group, head.document.calls) == ("call", ("s0", "s1", "s2", "s3", "s4", "s5"))


def test_the_most_frequent_label_does_not_swallow_the_others_unless_that_is_asked() -> None:
    few = [one for n, one in enumerate(examples(each=10, noise=2.0)) if one.example.label != "threat" or n % 5 == 0]
    balanced, plain = (train_head(few, replace(PLAN, balance=balance), "x")[1] for balance in (True, False))
    assert balanced.recall["threat"] > plain.recall["threat"]
    assert balanced.majority == plain.majority == pytest.approx(60 / len(few))


def test_the_temperature_makes_held_out_probabilities_no_worse() -> None:
    head, figures = train_head(examples(noise=1.5), PLAN, "labels.csv")
    assert 0 <= figures.calibration_error < 0.2
    assert head.document.temperature > 0


def test_training_again_gives_the_same_head() -> None:
    assert train_head(examples(), PLAN, "x")[0] == train_head(examples(), PLAN, "x")[0]


def test_a_long_moment_counts_as_one_example_of_many_windows() -> None:
    long = examples()
    frames = np.repeat(np.asarray(long[0].embedding.vectors), 500, axis=0)
    embedding = replace(long[0].embedding, vectors=frames, granularity="frame", rate=50.0)
    _, figures = train_head([replace(long[0], embedding=embedding), *long[1:]], PLAN, "x")
    assert (figures.examples, figures.windows) == (90, 92)


@pytest.mark.parametrize(
    ("labelled", "plan", "error", "said"),
    [
        ([], PLAN, ExamplesError, "no labelled examples"),
        ([one for one in examples() if one.example.label == "asks"], PLAN, ExamplesError, r"one label only \(asks\)"),
        (examples(speakers=3), PLAN, ExamplesError, "3 speakers for 5 folds: label more, or say fewer --folds"),
        (
            [one for one in examples() if one.example.label != "threat" or one.example.speaker == "s1"],
            PLAN,
            ExamplesError,
            "label threat is of one speaker alone",
        ),
        ([utterance(2, "a", np.ones(3), ""), utterance(3, "b", np.ones(3), "")], PLAN, ExamplesError, "who speaks?"),
        (
            [*examples(), utterance(99, "asks", np.ones(8), "")],
            replace(PLAN, group="speaker"),
            ExamplesError,
            "line 99 of the labels does not say the speaker",
        ),
        ([*examples(), utterance(99, "asks", np.ones(3), "s1")], PLAN, MixedWidthsError, "99.npy has 3 features"),
        (
            [*examples(), utterance(99, "asks", np.ones(8), "s1", engine={"name": "compact", "version": "cd34"})],
            PLAN,
            DifferentEnginesError,
            "99.npy is of compact cd34",
        ),
        ([*examples(), utterance(99, "Asks!", np.ones(8), "s1")], PLAN, ConfigError, "head churn: labels"),
        (examples(), replace(PLAN, name="Churn"), ConfigError, "head Churn: name"),
    ],
)
def test_what_makes_no_head_is_said(labelled: list, plan: Plan, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        train_head(labelled, plan, "labels.csv")
