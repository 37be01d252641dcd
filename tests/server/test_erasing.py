"""Erasing a call leaves nothing of it: in the files, in the memory of the service, with its clients; whoever asks, and when."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from monitor.config.sections import AnalysisSection
from monitor.store.sink_state import DeadLetter
from monitor.store.traces import traces
from tests.cli.conftest import Command, emotion_monitor  # noqa: F401 - a fixture
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, PATIENCE, TOKEN, Service, of_type, receive_until, wait_until

GONE, STAYS = "20260301-093000-gone", "20260301-093000-stays"
NAME = "Zoë Doe"


def finished(service: Service, call: str, name: str) -> None:
    done = service.call({"customer": [LOUD] * 12}, call, endless=False, metadata={"caller": name})
    assert done.wait(PATIENCE)


def found(service: Service) -> set[str]:
    return {one.file.split("/")[0] for one in traces(service.settings.store.path, [GONE, NAME])}


def said(websocket: ClientConnection) -> list[dict[str, Any]]:
    """What a client that asks for all from the beginning is told."""
    websocket.send('{"type": "ping"}')
    return receive_until(websocket, of_type("pong"))


@pytest.fixture
def kept(start_service: StartService) -> Service:
    """A service that keeps all that it can of two calls, of which one has been looked at."""
    service = start_service(audio="flac", analysis=AnalysisSection(index=True))
    finished(service, GONE, NAME)
    finished(service, STAYS, "John Roe")
    with service.http() as http:
        note = {"time": 1, "text": f"{NAME} says no", "by": "Kim"}
        for path in ("belief?leg=customer", "trajectory?leg=customer", "events"):
            http.get(f"/api/v1/calls/{GONE}/{path}").raise_for_status()
        http.post(f"/api/v1/calls/{GONE}/notes", json=note).raise_for_status()
        search = {"like": f"{STAYS}@0-4/customer"}
        wait_until(lambda: http.get("/api/v1/search", params=search).json().get("indexed", {}).get("calls") == 2)
        letter = service.monitor.journal.read(0, call=GONE)[0]
        desk = service.monitor.store.sink_state("desk").letters
        desk.add(DeadLetter(letter["seq"], "2026-03-01", 3, "HTTP status 500", letter), lambda: True)
        assert http.get("/api/v1/calls", params={"q": NAME}).json()["total"] == 1
    return service


def test_nothing_is_found_in_the_files_of_a_service_that_keeps_all_it_can(kept: Service) -> None:
    before = found(kept)

    kept.http().delete(f"/api/v1/calls/{GONE}/data").raise_for_status()

    assert before == {"audio", "calls", "index", "journal", "levels", "search", "sinks", "snapshots"}
    assert found(kept) == {"audit.jsonl"}
    assert [one.what for one in traces(kept.settings.store.path, [GONE, NAME])] == [GONE]


def test_the_service_forgets_an_erased_call_at_once(kept: Service) -> None:
    with kept.websocket("since=0") as websocket:
        before = said(websocket)
        replay = kept.http().post(f"/api/v1/calls/{GONE}/replay", json={"speed": 0.1}).json()["replay"]

        kept.http().delete(f"/api/v1/calls/{GONE}/data").raise_for_status()

        ended = receive_until(websocket, of_type("replay_ended"))[-1]
    with kept.websocket("since=0") as websocket:
        after = said(websocket)
    assert NAME in str(before)
    assert (ended["replay"], ended["reason"]) == (replay, "stopped")
    assert (NAME in str(after), GONE in str(after), STAYS in str(after)) == (False, False, True)
    with kept.http() as http:
        paths = ["", "/events", "/belief?leg=customer", "/trajectory?leg=customer", "/frames?leg=customer"]
        assert {http.get(f"/api/v1/calls/{GONE}{path}").status_code for path in paths} == {404}
        assert http.get("/api/v1/calls", params={"q": NAME}).json()["total"] == 0


def test_calls_that_are_ended_and_erased_at_once_leave_nothing(
    start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.server.recordings.ENDING_SECONDS", PATIENCE)  # the other seven are ending, too
    service = start_service()
    calls = [
        service.call({"customer": [CALM]}, f"20260301-at-once-{number}", metadata={"caller": NAME}) for number in range(60)
    ]

    def end_and_erase(call: str) -> tuple[int, int]:
        with service.http() as http:
            return http.delete(f"/api/v1/calls/{call}").status_code, http.delete(f"/api/v1/calls/{call}/data").status_code

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(end_and_erase, [call.id for call in calls]))

    assert set(answers) == {(202, 200)}
    assert {call.error for call in calls} == {None}
    assert service.monitor.store.ids() == frozenset()
    assert NAME not in "".join(one.what for one in traces(service.settings.store.path, [NAME]))
    with service.websocket("since=0") as websocket:
        told = said(websocket)
    assert told[0]["present"] == []
    assert {message["type"] for message in told[1:-1]} == {"erased"}


@pytest.fixture
def served(start_service: StartService, tmp_path: Path) -> Iterator[Service]:
    """A service with a token that has its store for itself, and a configuration that names that store."""
    service = start_service(token=TOKEN)
    finished(service, GONE, NAME)
    (tmp_path / "c.yaml").write_text("store: {path: store}")
    with service.monitor.store.serving() as listens:
        listens(service.url)
        yield service


def test_the_command_line_erases_through_the_service(served: Service, emotion_monitor: Command) -> None:  # noqa: F811
    refused = emotion_monitor("calls", "delete", GONE, "--yes", "-c", "c.yaml")
    left = served.monitor.store.ids()
    done = emotion_monitor("calls", "delete", GONE, "--yes", "-c", "c.yaml", "--token", TOKEN, "--json", "-")
    proof = emotion_monitor("calls", "prove-erased", GONE, "--word", NAME, "-c", "c.yaml")

    assert (refused.returncode, "refuses" in refused.stderr, "nothing was erased" in refused.stderr) == (2, True, True)
    assert (left, served.monitor.store.ids()) == ({GONE}, set())
    assert json.loads(done.stdout)["remains"]["templates"] == []
    assert (proof.returncode, proof.stdout.splitlines()) == (
        0,
        ["audit.jsonl names the call, as it is to: it says who did what", f"{GONE}: nothing is found"],
    )
    with served.websocket("since=0", additional_headers={"Authorization": f"Bearer {TOKEN}"}) as websocket:
        assert {message["type"] for message in said(websocket)[1:-1]} == {"erased"}


def test_without_its_service_a_call_is_erased_if_that_is_asked_for(
    served: Service,
    emotion_monitor: Command,  # noqa: F811
) -> None:
    found = emotion_monitor("calls", "prove-erased", GONE, "--word", NAME, "-c", "c.yaml", "--json", "-")
    done = emotion_monitor("calls", "delete", GONE, "--yes", "-c", "c.yaml", "--offline")

    assert (found.returncode, {one["what"] for one in json.loads(found.stdout)["found"]}) == (1, {GONE, NAME})
    assert (done.returncode, served.monitor.store.ids()) == (0, set())
