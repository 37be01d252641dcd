"""A service whose calls are kept in memory: all that a stored call can do, and nothing on a disk."""

from pathlib import Path

from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, of_type, receive_until


def test_a_call_in_memory_is_listed_read_replayed_and_erased(start_service: StartService, tmp_path: Path) -> None:
    service = start_service(store="memory")
    service.finished_call("c1", {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12})

    with service.http() as http:
        listed = http.get("/api/v1/calls").json()["calls"]
        events = http.get("/api/v1/calls/c1/events").json()["events"]
        frames = http.get("/api/v1/calls/c1/frames?leg=customer").json()
        with service.websocket("call=c1") as websocket:
            http.post("/api/v1/calls/c1/replay", json={"speed": 0})
            replayed = receive_until(websocket, of_type("replay_ended"))
        erased = http.delete("/api/v1/calls/c1/data").status_code
        after = http.get("/api/v1/calls/c1").status_code
        ready = http.get("/health/ready").json()["checks"]["store"]

    live = [(event["type"], event["at"]) for event in events if event["type"] == "state"]
    assert [(call["call"], call["status"]) for call in listed] == [("c1", "complete")]
    assert live == [(message["type"], message["at"]) for message in replayed if message["type"] == "state"] != []
    assert len(frames["speech"]) > 0
    assert (erased, after, ready) == (200, 404, True)
    assert list(tmp_path.iterdir()) == []
