"""A leg's speech probabilities through overlapping windows."""

import numpy as np
import pytest

from monitor.audio.speech import SpeechDetector
from monitor.conformance.engine_calls import voice
from monitor.engines.base import Window
from monitor.engines.leg_speech import LegSpeech
from monitor.timeline import FRAME_SAMPLES

LEG = 1
SOUND = voice(200)


def window(start: int, end: int, first: int, stop: int, final: bool = False) -> Window:
    return Window(LEG, start, SOUND[start * FRAME_SAMPLES : end * FRAME_SAMPLES], first, stop, final)


@pytest.fixture(scope="module")
def detected() -> np.ndarray:
    """What the detector says of the whole sound."""
    detector = SpeechDetector()
    return np.concatenate([detector.update(SOUND), detector.finish()])


def test_overlapping_windows_give_what_the_detector_says_of_the_whole(detected):
    speech = LegSpeech()
    parts = [speech.of(window(0, 75, 0, 50)), speech.of(window(25, 125, 50, 100)), speech.of(window(100, 200, 100, 200, True))]
    np.testing.assert_array_equal(np.concatenate(parts), detected)


def test_a_final_window_has_the_last_frames(detected):
    np.testing.assert_array_equal(LegSpeech().of(window(0, 200, 190, 200, True)), detected[190:])


def test_with_two_frames_of_lookahead_nothing_is_guessed(detected):
    speech = LegSpeech()
    parts = [speech.of(window(0, end, end - 3, end - 2)) for end in range(3, 60)]
    np.testing.assert_array_equal(np.concatenate(parts), detected[:57])


def test_without_lookahead_the_last_decided_probability_stands_for_the_frames_that_are_not_decided(detected):
    got = LegSpeech().of(window(0, 99, 0, 99))
    np.testing.assert_array_equal(got[:97], detected[:97])
    np.testing.assert_array_equal(got[97:], [detected[96], detected[96]])


def test_a_single_frame_without_lookahead_is_not_speech_yet():
    np.testing.assert_array_equal(LegSpeech().of(window(0, 1, 0, 1)), [0])


def test_the_same_window_again_gives_the_same(detected):
    speech = LegSpeech()
    speech.of(window(0, 100, 0, 75))
    np.testing.assert_array_equal(speech.of(window(0, 100, 0, 75)), detected[:75])


def test_after_a_hole_the_detector_starts_afresh():
    speech = LegSpeech()
    speech.of(window(0, 50, 0, 25))
    fresh = LegSpeech().of(window(100, 150, 100, 125))
    np.testing.assert_array_equal(speech.of(window(100, 150, 100, 125)), fresh)


def test_going_back_beyond_what_is_remembered_starts_afresh(detected):
    speech = LegSpeech()
    speech.of(window(100, 150, 100, 125))
    np.testing.assert_array_equal(speech.of(window(0, 50, 0, 25)), detected[:25])


def test_after_the_final_window_a_leg_that_goes_on_starts_afresh():
    speech = LegSpeech()
    speech.of(window(0, 50, 0, 50, final=True))
    fresh = LegSpeech().of(window(50, 100, 50, 75))
    np.testing.assert_array_equal(speech.of(window(50, 100, 50, 75)), fresh)
