"""The windowed engines that ship pass their suite, `monitor/conformance/windowed_engines.py`."""

import pytest

from monitor.conformance.windowed_engines import *  # noqa: F403 - its tests
from monitor.engines.base import Engine
from tests.conformance.engine_cases import WINDOWED, EngineCase


@pytest.fixture(scope="module", params=WINDOWED)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    case: EngineCase = request.param
    return case.load(tmp_path_factory.mktemp(case.name))
