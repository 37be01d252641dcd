"""The sources that ship pass the suite of `monitor/conformance/sources.py`, and so does the bridge to those that come."""

import pytest

from monitor.conformance.sources import *  # noqa: F403 - its tests
from monitor.conformance.sources import SourceCase
from monitor.sources.base import Source
from monitor.sources.incoming.pushed import PushedSource
from monitor.sources.registry import SOURCES
from tests.conformance.source_cases import CASES


@pytest.fixture(scope="module", params=CASES, ids=str)
def source_case(request: pytest.FixtureRequest) -> SourceCase:
    case: SourceCase = request.param
    return case


def test_every_kind_of_source_is_held_to_this() -> None:
    kinds = {name for name in SOURCES.names() if issubclass(SOURCES.load(name, "source"), Source)}
    assert {case.kind for case in CASES} == kinds | {PushedSource.kind}
