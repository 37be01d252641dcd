"""The seconds of speech that templates and heads look at."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from monitor.learned.speech_window import SpeechWindow, windows


def test_nothing_is_said_before_half_of_the_window_was_heard() -> None:
    window = SpeechWindow(5)
    assert [window.update(np.array([1.0])) is None for _ in range(5)] == [True, True, False, False, False]


def test_a_mean_is_of_the_last_ticks() -> None:
    means, indices = windows(np.array([[1.0], [2.0], [3.0], [7.0]]), 2)
    assert_array_equal(means, [[1.0], [1.5], [2.5], [5.0]])
    assert_array_equal(indices, [0, 1, 2, 3])


def test_an_example_shorter_than_half_of_the_window_is_its_mean() -> None:
    means, indices = windows(np.array([[1.0], [3.0]]), 30)
    assert (means.tolist(), indices.tolist()) == ([[2.0]], [1])


def test_what_was_forgotten_does_not_count() -> None:
    window = SpeechWindow(2)
    window.update(np.array([9.0]))
    window.forget()
    assert window.update(np.array([1.0])) == pytest.approx([1.0])
