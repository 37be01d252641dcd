"""The sinks that ship pass the suite of `monitor/conformance/sinks.py`."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp

import pytest

from monitor.config.sinks import SINKS
from monitor.conformance.sinks import *  # noqa: F403 - its tests
from monitor.conformance.sinks import MakePlace
from tests.conformance.sink_cases import PLACES


@pytest.fixture(params=sorted(PLACES))
def make_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakePlace]:
    with ExitStack() as places:
        yield lambda: places.enter_context(PLACES[request.param](Path(mkdtemp(dir=tmp_path))))


def test_every_sink_that_ships_is_in_the_suite() -> None:
    assert set(PLACES) == set(SINKS.names())
