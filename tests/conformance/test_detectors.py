"""The detectors that ship pass the suite of `monitor/conformance/detectors.py`."""

import pytest

from monitor.changes.registry import open_detector
from monitor.config.sections import DETECTORS
from monitor.conformance.detectors import *  # noqa: F403 - its tests
from monitor.conformance.detectors import MakeDetector


@pytest.fixture(params=DETECTORS.names())
def make_detector(request: pytest.FixtureRequest) -> MakeDetector:
    options = DETECTORS.validate({"detector": request.param, "false_alarms_per_hour": 6.0})
    return lambda: open_detector(options)
