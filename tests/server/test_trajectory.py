"""The way of a leg over REST."""

import pytest

from tests.server.service import CALM, LOUD, Service


def test_a_call_that_turns_loud_goes_another_way(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 3 + [LOUD] * 3})
    with service.http() as http:
        way = http.get("/api/v1/calls/c1/trajectory?leg=customer&rate=1").json()
        again = http.get("/api/v1/calls/c1/trajectory?leg=customer&rate=1").json()
    assert (way["call"], way["leg"], way["rate"], way["time"]) == ("c1", "customer", 1.0, [0, 1, 2, 3, 4, 5])
    assert way["emotion"] == ["neutral"] * 3 + ["angry"] * 3
    assert [x > 0 for x in way["x"][:3]] == [x < 0 for x in way["x"][3:]]
    assert (len(way["y"]), again) == (6, way)


@pytest.mark.parametrize(("query", "status"), [("leg=mixed", 404), ("leg=customer&rate=3", 422), ("", 422)])
def test_what_there_is_not_is_refused(shared: Service, query: str, status: int) -> None:
    assert shared.http().get(f"/api/v1/calls/stored/trajectory?{query}").status_code == status
