"""The protocols that ship pass the suite of `monitor/conformance/incoming.py`. A further one is one more line in `CASES`."""

import json

import numpy as np
import pytest

from monitor.conformance.incoming import *  # noqa: F403 - its tests
from monitor.conformance.incoming import IncomingCase
from monitor.sources.incoming.call import IncomingCall
from monitor.sources.incoming.ingest import IngestCall
from monitor.sources.registry import SOURCES

CUSTOMER, AGENT = (np.arange(start, start + 800, dtype="<i2").tobytes() for start in (0, 9_000))

CASES = {
    "ingest": IncomingCase(
        IngestCall,
        [
            json.dumps({"type": "hello", "call": "c1", "legs": ["agent", "customer"], "rate": 8_000}),
            b"\x00" + AGENT[:800],
            b"\x01" + CUSTOMER,
            json.dumps({"type": "position", "leg": "agent", "time": 0.2}),
            json.dumps({"type": "ping"}),
            b"\x00" + AGENT[800:],
            json.dumps({"type": "end"}),
        ],
        {"customer": CUSTOMER, "agent": AGENT},
    )
}


@pytest.fixture(scope="module", params=CASES.values(), ids=str)
def incoming_case(request: pytest.FixtureRequest) -> IncomingCase:
    case: IncomingCase = request.param
    return case


def test_every_protocol_is_held_to_this() -> None:
    kinds = {name for name in SOURCES.names() if issubclass(SOURCES.load(name, "source"), IncomingCall)}
    assert set(CASES) == kinds
