"""Who may come in, and who may not."""

import base64
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from monitor.config.sections import ServerSection
from monitor.errors import ConfigError
from monitor.loopback import is_loopback
from monitor.server.auth import SUBPROTOCOL, check_exposure
from monitor.server.authenticator import TOKEN_SUBPROTOCOL
from tests.server.service import TOKEN, Service, receive

GOOD, BAD = f"Bearer {TOKEN}", "Bearer fedcba9876543210-no"
CODED = TOKEN_SUBPROTOCOL + base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
GUARDED = ["/api/v1/calls", "/api/v1/config", "/api/v1/openapi.json", "/api/v1/asyncapi.json", "/metrics", "/api/v1/none"]
OPEN = ["/", "/calls/queue-7", "/rules", "/health/live", "/health/ready"]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that wants a token."""
    service = Service(tmp_path_factory.mktemp("locked"), token=TOKEN, allowed_origins=("https://wallboard.example",))
    yield service
    service.stop()


def test_without_a_token_only_the_page_and_the_health_checks_answer(locked: Service) -> None:
    with locked.http() as http:
        assert {http.get(path).status_code for path in GUARDED} == {401}
        assert {http.get(path).status_code for path in OPEN} == {200}


def test_with_the_token_everything_answers(locked: Service) -> None:
    with locked.http(headers={"Authorization": GOOD}) as http:
        assert [http.get(path).status_code for path in GUARDED] == [200, 200, 200, 200, 200, 404]


@pytest.mark.parametrize("header", [BAD, "Bearer", f"Basic {TOKEN}", TOKEN, "Bearer \xff\xfe"])
def test_another_header_than_the_token_is_refused(locked: Service, header: str) -> None:
    answer = locked.http().get("/api/v1/calls", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "bearer token" in answer.json()["error"]["message"]


def test_whoever_has_a_wrong_token_is_not_told_that_one_is_missing(locked: Service) -> None:
    wrong = locked.http().get("/api/v1/calls", headers={"Authorization": BAD}).json()["error"]["message"]
    missing = locked.http().get("/api/v1/calls").json()["error"]["message"]
    assert (wrong, missing) == (f"this bearer token is not the service's; {missing}", missing)
    assert missing.startswith("a bearer token is needed")


def test_a_token_in_the_query_opens_websockets_but_not_the_api(locked: Service) -> None:
    assert locked.http().get(f"/api/v1/calls?token={TOKEN}").status_code == 401
    with locked.websocket(f"token={TOKEN}") as websocket:
        assert receive(websocket)["type"] == "hello"


def test_a_token_in_the_header_opens_websockets(locked: Service) -> None:
    with locked.websocket(additional_headers={"Authorization": GOOD}) as websocket:
        assert receive(websocket)["type"] == "hello"


def test_a_token_in_a_subprotocol_opens_websockets(locked: Service) -> None:
    with locked.websocket(subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol(CODED)]) as websocket:
        assert websocket.subprotocol == SUBPROTOCOL
        assert receive(websocket)["type"] == "hello"


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {}),
        ("token=wrong", {}),
        ("token=", {}),
        ("", {"additional_headers": {"Authorization": BAD}}),
        ("", {"subprotocols": [Subprotocol(SUBPROTOCOL), Subprotocol(TOKEN_SUBPROTOCOL + "d3Jvbmc")]}),
        ("", {"subprotocols": [Subprotocol(TOKEN_SUBPROTOCOL + "!!!")]}),
    ],
)
def test_websockets_without_the_token_are_refused(locked: Service, query: str, options: dict[str, object]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        locked.websocket(query, **options)
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_websocket_from_another_site_is_refused(shared: Service, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        shared.websocket(origin=Origin(origin))
    assert refused.value.response.status_code == 403


def test_a_page_of_another_site_is_told_the_setting_and_so_is_the_log(
    shared: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        shared.websocket(origin=Origin("https://board.example"))
    said = refused.value.response.body.decode()
    assert ("server.allowed_origins" in said, "'https://board.example'" in said, "Host header" in said) == (True, True, True)
    assert ("origin_refused" in (logged := capsys.readouterr().out), "server.allowed_origins" in logged) == (True, True)


def test_a_websocket_from_the_own_page_is_let_in(service: Service) -> None:
    with service.websocket(origin=Origin(service.url)) as websocket:
        assert receive(websocket)["type"] == "hello"


def test_a_websocket_from_an_allowed_origin_is_let_in(locked: Service) -> None:
    options = {"origin": Origin("https://wallboard.example"), "additional_headers": {"Authorization": GOOD}}
    with locked.websocket(**options) as websocket:
        assert receive(websocket)["type"] == "hello"


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v1/calls"), ("DELETE", "/api/v1/calls/c1/data")])
def test_a_request_from_another_site_changes_nothing(service: Service, method: str, path: str) -> None:
    service.finished_call("c1", {"customer": [0.05]})
    answer = service.http().request(method, path, headers={"Origin": "https://evil.example"}, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin")
    assert service.http().get("/api/v1/calls/c1").status_code == 200


def test_a_name_that_somebody_else_controls_does_not_lead_to_a_loopback_server(service: Service) -> None:
    answer = service.http().get("/api/v1/calls", headers={"Host": "rebound.example:8765"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "host")


def test_behind_a_proxy_a_server_with_a_token_answers_to_any_name(locked: Service) -> None:
    answer = locked.http().get("/api/v1/calls", headers={"Host": "monitor.example", "Authorization": GOOD})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback_is_known_by_any_of_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "", "127.0.0.1.nip.io"])
def test_other_addresses_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_server_that_others_can_reach_does_not_start_without_a_token() -> None:
    with pytest.raises(ConfigError, match=r"server\.token is not set"):
        check_exposure(ServerSection(host="0.0.0.0"))


def test_every_answer_forbids_the_browser_what_the_page_does_not_need(service: Service) -> None:
    headers = service.http().get("/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert service.http().get("/api/v1/calls").headers["cache-control"] == "no-store"
