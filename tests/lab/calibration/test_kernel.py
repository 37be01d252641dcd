"""False alarms an hour, asked for and measured."""

import pytest

from lab.calibration.kernel import alarms_per_hour
from lab.calibration.nulls import EMBEDDINGS
from monitor.changes.calibration import threshold
from monitor.changes.procedure import Procedure


@pytest.mark.slow
@pytest.mark.parametrize(
    ("procedure", "asked"),
    [
        (Procedure(), 10.0),
        (Procedure(), 40.0),
        (Procedure(dimensions=12, buffer=120), 30.0),
        (Procedure(min_segment=20, confirm=30), 30.0),
    ],
)
def test_the_measured_rate_is_within_a_factor_of_three_of_the_one_asked_for(procedure, asked):
    measured = alarms_per_hour(procedure, threshold(procedure, asked), EMBEDDINGS, minutes=10, seed=1000)
    assert asked / 3 <= measured <= asked * 3


def test_fewer_alarms_need_a_higher_threshold():
    thresholds = [threshold(Procedure(), rate) for rate in (0.1, 1.0, 6.0, 60.0, 600.0)]
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[-1] > 0
