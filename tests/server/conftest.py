"""A service a test, or one for those that leave it as it was."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ports import reserved_port
from tests.server.service import CALM, Service

StartService = Callable[..., Service]


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    """Starts services with the settings given; they are stopped after the test."""
    started: list[Service] = []

    def start(**server: Any) -> Service:
        started.append(Service(tmp_path, **server))
        return started[-1]

    yield start
    for service in started:
        service.stop()


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a service that stops, or comes back: nobody else is given it meanwhile."""
    with reserved_port() as port:
        yield port


@pytest.fixture
def service(start_service: StartService) -> Service:
    """A service on loopback, without a token."""
    return start_service()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with one stored call, `stored`, for the tests of a module that change nothing."""
    service = Service(tmp_path_factory.mktemp("shared"))
    service.finished_call("stored", {"customer": [CALM] * 4, "agent": [0.0] * 4})
    yield service
    service.stop()
