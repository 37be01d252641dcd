"""The Bayesian detector, the segments that it follows, and its threshold."""

import numpy as np
import pytest

from lab.calibration.nulls import LOGITS, clock
from lab.calibration.odds import highest, threshold_for
from monitor.changes.base import Detection
from monitor.changes.bayes import WARM_UP, BayesDetector
from monitor.changes.bayes_options import BayesOptions
from monitor.changes.odds import LEAST, log_odds
from monitor.changes.segments import Model, Segments

MODEL = Model(weight=0.04, contrast=4.0, hazard=0.001, memory=300)


def voice(moods: list[tuple[int, float]], classes: int = 8) -> np.ndarray:
    """Independent logits; each mood lifts the first half of the classes."""
    ticks = np.random.default_rng(7).normal(size=(sum(length for length, _ in moods), classes))
    lift = np.concatenate([np.full(length, height) for length, height in moods])
    ticks[:, : classes // 2] += lift[:, None]
    return ticks


def hear(detector: BayesDetector, ticks: np.ndarray, numbers: np.ndarray | None = None) -> list[Detection]:
    at = np.arange(len(ticks)) if numbers is None else numbers
    return [found for number, one in zip(at, ticks, strict=True) for found in detector.update(int(number), one)]


def test_a_change_is_placed_at_the_pause_near_it() -> None:
    numbers = np.arange(300) + 40 * (np.arange(300) >= 193)
    found = hear(BayesDetector(MODEL, 3.0), voice([(190, 0.0), (110, 3.0)]), numbers)
    assert found[-1].status == "confirmed"
    assert found[-1].tick == 193 + 40


def test_a_change_within_the_warm_up_is_found_after_it() -> None:
    found = hear(BayesDetector(MODEL, 3.0), voice([(WARM_UP // 2, 0.0), (WARM_UP, 4.0)]))
    assert [one.status for one in found] == ["provisional", "confirmed"]
    assert abs(found[-1].tick - WARM_UP // 2) <= 5


def test_nothing_is_said_of_a_leg_shorter_than_the_warm_up() -> None:
    detector = BayesDetector(MODEL, 3.0)
    assert hear(detector, voice([(20, 0.0), (WARM_UP - 21, 9.0)])) == []
    assert detector.finish() == []


def test_a_suspicion_that_is_open_at_the_end_is_retracted() -> None:
    detector = BayesDetector(MODEL, 1e6)
    found = hear(detector, voice([(200, 0.0), (60, 3.0)])) + detector.finish()
    assert [one.status for one in found] == ["provisional", "retracted"]
    assert 0 <= found[-1].strength < 1


def test_a_flash_of_another_mood_is_suspected_at_most_and_then_retracted() -> None:
    detector = BayesDetector(MODEL, 6.0)
    found = hear(detector, voice([(200, 0.0), (8, 3.0), (300, 0.0)])) + detector.finish()
    assert "confirmed" not in {one.status for one in found}


def test_an_offset_common_to_all_classes_says_nothing() -> None:
    ticks = voice([(200, 0.0), (100, 3.0)])
    drift = np.linspace(0, 50, len(ticks))[:, None]
    there, shifted = hear(BayesDetector(MODEL, 3.0), ticks), hear(BayesDetector(MODEL, 3.0), ticks + drift)
    assert [(one.status, one.tick) for one in shifted] == [(one.status, one.tick) for one in there]


def test_the_memory_of_possible_beginnings_is_bounded() -> None:
    segments = Segments(Model(weight=0.04, contrast=4.0, hazard=0.001, memory=100), width=2)
    rng = np.random.default_rng(0)
    for tick in range(1000):
        segments.update(tick, rng.normal(size=2))
    assert len(segments._log) <= 1 + 100 // 5 + 1
    assert segments.begin == 0


def test_the_first_tick_has_nothing_before_it_to_differ_from() -> None:
    segments = Segments(MODEL, width=1)
    segments.update(5, np.array([1.0]))
    assert segments.log_odds() == -np.inf


def test_a_threshold_below_even_odds_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0, got -1"):
        BayesDetector(MODEL, -1.0)


def test_fewer_alarms_need_higher_odds() -> None:
    odds = [log_odds(MODEL, rate) for rate in (0.1, 1.0, 6.0, 60.0, 600.0)]
    assert odds == sorted(odds, reverse=True)
    assert odds[-1] >= LEAST


def test_the_clock_of_simulated_speech_has_pauses_between_utterances() -> None:
    numbers = clock(1000, seed=3)
    assert (np.diff(numbers) >= 1).all()
    assert 0.3 < len(numbers) / (numbers[-1] - numbers[0]) < 0.7


@pytest.mark.slow
@pytest.mark.parametrize("model", [MODEL, BayesOptions().segment_model()], ids=["simulated", "default"])
@pytest.mark.parametrize("asked", [BayesOptions().false_alarms_per_hour, 10.0])
def test_the_simulated_rate_is_within_a_factor_of_three_of_the_one_asked_for(asked: float, model: Model) -> None:
    peaks = [highest(model, null, calls=24, seed=500) for null in LOGITS]
    assert threshold_for(peaks, asked * 3) <= log_odds(model, asked) <= threshold_for(peaks, asked / 3)


def test_how_far_densities_are_worked_out_beforehand_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def odds() -> list[float]:
        segments, heard = Segments(MODEL, 8), []
        for tick, one in enumerate(voice([(250, 0.0), (100, 1.5)])):
            segments.update(tick, one)
            heard.append(segments.log_odds())
        return heard

    whole = odds()
    monkeypatch.setattr("monitor.changes.segments.TABLED", 8)
    assert odds() == whole
