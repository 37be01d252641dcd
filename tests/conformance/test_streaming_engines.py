"""The streaming engines that ship pass their suite, `monitor/conformance/streaming_engines.py`."""

import pytest

from monitor.conformance.streaming_engines import *  # noqa: F403 - its tests
from monitor.engines.base import Engine
from tests.conformance.engine_cases import STREAMING, EngineCase


@pytest.fixture(scope="module", params=STREAMING)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    case: EngineCase = request.param
    return case.load(tmp_path_factory.mktemp(case.name))
