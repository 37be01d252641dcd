"""False alarms an hour, asked for and measured."""

import pytest

from monitor.changes.calibration import threshold
from monitor.changes.kernel import WARM_UP, KernelDetector
from monitor.changes.nulls import FAMILY
from monitor.changes.procedure import Procedure
from monitor.timeline import TICK_RATE

MINUTES = 6
"""Of each kind of speech without change."""


def alarms_per_hour(procedure: Procedure, asked: float) -> float:
    detectors = [KernelDetector(procedure, threshold(procedure, asked)) for _ in FAMILY]
    streams = [null.stream(WARM_UP + MINUTES * 60 * TICK_RATE, seed=77) for null in FAMILY]
    found = [
        one
        for detector, stream in zip(detectors, streams, strict=True)
        for tick, vector in enumerate(stream)
        for one in detector.update(tick, vector)
    ]
    return sum(one.status == "confirmed" for one in found) * 60 / (MINUTES * len(FAMILY))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("procedure", "asked"),
    [
        (Procedure(), 20.0),
        (Procedure(), 60.0),
        (Procedure(dimensions=12), 40.0),
        (Procedure(buffer=120), 40.0),
        (Procedure(min_segment=20), 40.0),
    ],
)
def test_the_measured_rate_is_within_a_factor_of_three_of_the_one_asked_for(procedure, asked):
    assert asked / 3 <= alarms_per_hour(procedure, asked) <= asked * 3


def test_fewer_alarms_need_a_higher_threshold():
    thresholds = [threshold(Procedure(), rate) for rate in (0.1, 1.0, 6.0, 60.0, 600.0)]
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[-1] > 0
