"""The tone passes the suite of sources that are opened."""

from contextlib import nullcontext

import pytest
from emotion_monitor_example.tone import ToneSource  # type: ignore[import-not-found]

from monitor.conformance.sources import *  # noqa: F403
from monitor.conformance.sources import SourceCase


@pytest.fixture(scope="module")
def source_case() -> SourceCase:
    return SourceCase("a tone", "tone", lambda folder: nullcontext(ToneSource(hertz=300)))
