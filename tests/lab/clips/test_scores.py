"""Scores of utterances: known values, scikit-learn's own, and what must hold whatever was heard."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from sklearn.metrics import balanced_accuracy_score

from lab.clips.scores import ClipScores, reliability, score

HEARD = st.integers(1, 60).flatmap(
    lambda count: st.tuples(
        arrays(np.float64, (count, 4), elements=st.floats(-20, 20)), arrays(np.int64, count, elements=st.integers(0, 3))
    )
)


def certain(decided: list[int], classes: int = 3) -> np.ndarray:
    """Logits that leave no doubt."""
    return 50.0 * np.eye(classes)[decided]


def test_figures_of_a_case_that_can_be_counted_by_hand() -> None:
    found = score(certain([0, 0, 1, 0]), np.array([0, 0, 1, 1]))
    assert found.clips == 4
    assert found.uar == pytest.approx((1 + 0.5) / 2)
    assert found.wa == pytest.approx(3 / 4)
    assert found.f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found.ece == pytest.approx(1 / 4)
    assert found.confusion == [[2, 0, 0], [1, 1, 0], [0, 0, 0]]


def test_a_class_that_does_not_occur_costs_no_recall_but_hearing_it_does() -> None:
    found = score(certain([0, 2]), np.array([0, 0]))
    assert (found.uar, found.wa, found.f1) == pytest.approx((0.5, 0.5, 2 / 3))


@pytest.mark.filterwarnings("ignore:y_pred contains classes", "ignore:A single label was found")
@given(HEARD)
def test_uar_is_the_balanced_accuracy_of_scikit_learn(heard: tuple[np.ndarray, np.ndarray]) -> None:
    logits, truth = heard
    assert score(logits, truth).uar == pytest.approx(balanced_accuracy_score(truth, logits.argmax(1)))


@given(HEARD)
def test_every_utterance_is_counted_once(heard: tuple[np.ndarray, np.ndarray]) -> None:
    found = score(*heard)
    assert np.sum(found.confusion) == found.clips == sum(each.clips for each in found.reliability)
    assert all(0 <= value <= 1 for value in (found.uar, found.wa, found.f1, found.ece))


@given(HEARD, st.permutations(range(4)))
def test_figures_do_not_depend_on_the_order_of_the_classes(heard: tuple[np.ndarray, np.ndarray], order: list[int]) -> None:
    logits, truth = heard
    logits = logits + 1e-3 * np.arange(4)  # no ties, which go to the first
    shuffled = score(logits[:, order], np.argsort(order)[truth])
    assert _figures(shuffled) == pytest.approx(_figures(score(logits, truth)))


@given(HEARD, st.floats(-100, 100))
def test_a_constant_added_to_all_logits_changes_nothing(heard: tuple[np.ndarray, np.ndarray], constant: float) -> None:
    logits, truth = np.round(heard[0], 3), heard[1]
    assert score(logits + round(constant, 3), truth).wa == pytest.approx(score(logits, truth).wa, abs=1e-9)


def _figures(found: ClipScores) -> tuple[float, ...]:
    return found.uar, found.wa, found.f1, found.ece


def test_honest_confidence_has_next_to_no_calibration_error_and_bold_confidence_has() -> None:
    generator = np.random.default_rng(0)
    logits = generator.standard_normal((4000, 4))
    truth = np.array([generator.choice(4, p=row) for row in softmax(logits, axis=1)])
    assert score(logits, truth).ece < 0.03 < score(3 * logits, truth).ece


def test_the_temperature_is_what_bold_logits_must_be_divided_by() -> None:
    generator = np.random.default_rng(0)
    logits = generator.standard_normal((4000, 4))
    truth = np.array([generator.choice(4, p=row) for row in softmax(logits, axis=1)])
    assert score(3 * logits, truth).temperature == pytest.approx(3 * score(logits, truth).temperature, rel=0.01)
    assert score(logits, truth).temperature == pytest.approx(1.0, abs=0.1)


def test_bins_are_of_equal_width_and_certainty_is_in_the_last() -> None:
    bins = reliability(np.array([0.30, 0.31, 1.0]), np.array([True, False, True]))
    assert [(each.clips, each.confidence, each.accuracy) for each in bins] == [(2, pytest.approx(0.305), 0.5), (1, 1.0, 1.0)]


@pytest.mark.parametrize(
    ("logits", "truth"), [(np.zeros((0, 4)), []), (np.zeros((2, 4)), [0]), (np.zeros((1, 4)), [4]), (np.zeros((1, 4)), [-1])]
)
def test_what_cannot_be_scored_is_refused(logits: np.ndarray, truth: list[int]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        score(logits, np.array(truth, np.int64))
