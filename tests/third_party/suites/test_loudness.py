"""The loudness passes the suite of streaming engines."""

import pytest
from emotion_monitor_example.loudness import LoudnessEngine, LoudnessOptions  # type: ignore[import-not-found]

from monitor.conformance.streaming_engines import *  # noqa: F403
from monitor.engines.base import Engine


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine: Engine = LoudnessEngine(LoudnessOptions())
    return engine
