"""The protocol passes the suite of those by which calls come."""

import base64
import json

import pytest
from emotion_monitor_example.acme import AcmeCall  # type: ignore[import-not-found]

from monitor.conformance.incoming import *  # noqa: F403
from monitor.conformance.incoming import IncomingCase

SPOKEN = bytes(range(160))
CALL = [
    json.dumps({"event": "start", "callId": "7"}),
    json.dumps({"event": "media", "payload": base64.b64encode(SPOKEN).decode()}),
    json.dumps({"event": "stop"}),
]


@pytest.fixture(scope="module")
def incoming_case() -> IncomingCase:
    return IncomingCase(AcmeCall, CALL, {"customer": SPOKEN})
