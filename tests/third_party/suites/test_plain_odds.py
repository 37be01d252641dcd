"""The plain odds pass the suite of detectors."""

import pytest
from emotion_monitor_example.plain_odds import PlainOddsOptions  # type: ignore[import-not-found]

from monitor.conformance.detectors import *  # noqa: F403
from monitor.conformance.detectors import MakeDetector


@pytest.fixture
def make_detector() -> MakeDetector:
    make: MakeDetector = PlainOddsOptions().open
    return make
