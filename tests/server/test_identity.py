"""Who asks, what they may do, and what is written of it."""

import json
import re
import stat
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from monitor.config.sections import PrivacySection, ServerSection, Settings
from monitor.config.tokens import NamedToken
from monitor.server.authenticator import TokenAuthenticator
from monitor.server.identity import Identity
from monitor.server.sign_in import WRONG_TOKENS
from tests.server.conftest import StartService
from tests.server.service import CALM, PATIENCE, TOKEN, Service, wait_until

TOKENS = {name: f"0123456789abcdef-{name}" for name in ("viewer", "supervisor", "engineer")}
PEOPLE = tuple(NamedToken(name=f"the {role}", role=role, token=token) for role, token in TOKENS.items())


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that knows a viewer, a supervisor and an engineer, beside the token without a name."""
    service = Service(tmp_path_factory.mktemp("staffed"), token=TOKEN, tokens=PEOPLE)
    service.finished_call("c1", {"customer": [CALM] * 2})
    yield service
    service.stop()


def as_(service: Service, role: str) -> httpx.Client:
    return service.http(headers={"Authorization": f"Bearer {TOKENS[role]}"})


def test_each_hears_who_they_are_and_what_they_may(staffed: Service) -> None:
    told = {role: as_(staffed, role).get("/api/v1/me").json() for role in TOKENS}
    assert told["viewer"] == {"name": "the viewer", "role": "viewer", "signed_in": True, "permissions": ["read"]}
    assert told["supervisor"]["permissions"] == ["read", "act", "rules"]
    assert told["engineer"]["permissions"] == ["read", "act", "rules", "calls", "erase", "configure"]


def test_the_token_of_the_service_is_an_engineer_without_a_name(staffed: Service) -> None:
    told = staffed.http(headers={"Authorization": f"Bearer {TOKEN}"}).get("/api/v1/me").json()
    assert (told["name"], told["role"], told["signed_in"]) == (None, "engineer", True)


def test_where_no_token_is_needed_everybody_is_an_engineer_who_did_not_sign_in(shared: Service) -> None:
    told = shared.http().get("/api/v1/me").json()
    assert (told["name"], told["role"], told["signed_in"]) == (None, "engineer", False)


OF_ENGINEERS = [
    ("POST", "/api/v1/calls"),
    ("DELETE", "/api/v1/calls/c1"),
    ("DELETE", "/api/v1/calls/c1/data"),
    ("GET", "/api/v1/config"),
]
OF_SUPERVISORS = [
    ("POST", "/api/v1/calls/c1/replay"),
    ("GET", "/api/v1/calls/c1/sound"),
    ("DELETE", "/api/v1/replays/none"),
    ("POST", "/api/v1/alerts/x/acknowledge"),
]
OF_EVERYBODY = {("post", "/api/v1/search"), ("post", "/api/v1/rules/check")}
"""What only asks, and takes more than an address to ask."""


@pytest.mark.parametrize(("method", "path"), OF_ENGINEERS + OF_SUPERVISORS)
def test_a_viewer_changes_nothing_and_hears_what_is_missing(staffed: Service, method: str, path: str) -> None:
    answer = as_(staffed, "viewer").request(method, path, **({"json": {}} if method == "POST" else {}))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission")
    assert answer.json()["error"]["message"].startswith("the viewer (viewer) lacks the permission '")


@pytest.mark.parametrize(("method", "path"), OF_ENGINEERS)
def test_a_supervisor_starts_ends_and_erases_no_call(staffed: Service, method: str, path: str) -> None:
    answer = as_(staffed, "supervisor").request(method, path, **({"json": {}} if method == "POST" else {}))
    assert (answer.status_code, "it takes the role engineer" in answer.json()["error"]["message"]) == (403, True)


def test_everybody_may_look(staffed: Service) -> None:
    paths = ["/api/v1/calls", "/api/v1/calls/c1", "/api/v1/alerts", "/api/v1/status", "/metrics", "/api/v1/openapi.json"]
    assert {as_(staffed, "viewer").get(path).status_code for path in paths} == {200}


def test_a_call_is_brought_by_an_engineer_alone(staffed: Service) -> None:
    address = staffed.url.replace("http", "ws") + "/ws/v1/ingest"
    headers = {"Authorization": f"Bearer {TOKENS['supervisor']}"}
    with connect(address, additional_headers=headers, open_timeout=PATIENCE) as websocket:
        said = json.loads(websocket.recv(timeout=PATIENCE))
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(timeout=PATIENCE)
    assert (said["code"], closed.value.rcvd.code if closed.value.rcvd else 0) == ("permission", 1008)


def test_there_is_no_request_that_changes_something_and_is_open_to_a_viewer(staffed: Service) -> None:
    with as_(staffed, "viewer") as http:
        paths = http.get("/api/v1/openapi.json").json()["paths"]
        changing = {(method, path) for path, item in paths.items() for method in item if method != "get"} - OF_EVERYBODY
        answers = {
            (method, path): http.request(
                method, re.sub(r"{\w+}", "c1", path), **({"json": {}} if method != "delete" else {})
            ).status_code
            for method, path in changing
        }
    assert len(changing) >= 6
    assert {one for one, status in answers.items() if status != 403} == set()


@pytest.mark.parametrize(("listen", "listen_in", "heard"), [(True, True, True), (True, False, False), (False, True, False)])
def test_live_calls_are_heard_only_where_both_the_token_and_the_settings_say_so(
    listen: bool, listen_in: bool, heard: bool
) -> None:
    server = ServerSection(tokens=(NamedToken(name="Kim", role="supervisor", token=TOKEN, listen=listen),))
    who = TokenAuthenticator(Settings(server=server, privacy=PrivacySection(listen_in=listen_in))).identify(TOKEN.encode())
    assert isinstance(who, Identity)
    assert ("listen" in who.permissions) is heard


def test_erasing_and_ending_are_written_with_who_and_from_where(start_service: StartService) -> None:
    service = start_service(tokens=PEOPLE)
    service.finished_call("gone", {"customer": [CALM] * 2})
    service.call({"customer": [CALM] * 2}, "ended")
    with as_(service, "engineer") as http:
        http.delete("/api/v1/calls/gone/data").raise_for_status()
        http.delete("/api/v1/calls/ended").raise_for_status()
    path = service.settings.store.path / "audit.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["action"], line["call"], line["by"], line["address"]) for line in lines] == [
        ("erase", "gone", "the engineer", "127.0.0.1"),
        ("end_call", "ended", "the engineer", "127.0.0.1"),
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_wrong_tokens_are_answered_429_after_a_while_and_written_without_the_token(start_service: StartService) -> None:
    service = start_service(tokens=PEOPLE)
    with service.http(headers={"Authorization": "Bearer a-wrong-token-0123"}) as http:
        answers = [http.get("/api/v1/calls") for _ in range(WRONG_TOKENS + 1)]
    assert [answer.status_code for answer in answers] == [401] * WRONG_TOKENS + [429]
    assert (answers[-1].json()["error"]["code"], 1 <= int(answers[-1].headers["retry-after"]) <= 60) == ("too_many", True)
    path = service.settings.store.path / "audit.jsonl"
    wait_until(lambda: path.exists() and len(path.read_text().splitlines()) == 2)
    assert {json.loads(line)["action"] for line in path.read_text().splitlines()} == {"sign_in_failed"}
    assert "a-wrong-token" not in path.read_text()
