"""Starting and stopping: clear words where it cannot start, nothing lost where it stops."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from websockets.exceptions import ConnectionClosed

from monitor.config.sections import RtpSection, ServerSection, Settings
from monitor.errors import ConfigError
from monitor.server.auth import check_media
from monitor.server.serve import bind
from tests.server.conftest import StartService
from tests.server.service import CALM, PATIENCE, TOKEN, Service, of_type, receive, receive_until

REPOSITORY = Path(__file__).parents[2]


def test_a_taken_port_is_named_with_what_to_do(service: Service) -> None:
    with pytest.raises(ConfigError, match=rf"port {service.running.port} on 127\.0\.0\.1 is taken.*choose another port"):
        bind("127.0.0.1", service.running.port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.1"):
        bind("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "rtp", "said"),
    [
        ("0.0.0.0", {}, "listens to the network on 0.0.0.0, but to RTP on 127.0.0.1"),
        ("0.0.0.0", {"bind": "0.0.0.0"}, "rtp.bind is 0.0.0.0, which is what callers of the API are told"),
        ("0.0.0.0", {"bind": "0.0.0.0", "advertise": "192.0.2.7"}, ""),
        ("0.0.0.0", {"bind": "192.0.2.7"}, ""),
        ("127.0.0.1", {}, ""),
    ],
)
def test_a_service_whose_rtp_nobody_can_reach_says_so_at_its_start(
    host: str, rtp: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check_media(Settings(server=ServerSection(host=host, token=SecretStr(TOKEN)), rtp=RtpSection(**rtp)))
    out = capsys.readouterr().out
    assert (said in out, "rtp_out_of_reach" in out) == (True, bool(said))


def test_a_name_that_does_not_resolve_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not an address of this machine"):
        bind("no such host", 0)


def test_a_server_open_to_the_network_without_a_token_does_not_start(start_service: StartService) -> None:
    with pytest.raises(ConfigError, match=r"server\.token is not set"):
        start_service(host="0.0.0.0")


def test_a_server_on_all_addresses_names_one_that_a_browser_can_open(start_service: StartService) -> None:
    service = start_service(host="0.0.0.0", token="0123456789abcdef")
    assert service.http().get("/health/live").status_code == 200


def test_a_call_in_progress_is_stored_when_the_server_stops(service: Service) -> None:
    service.call({"customer": [CALM] * 3}, "c1")
    with service.websocket() as websocket:
        receive(websocket)
        service.begin_stop()
        ended = receive_until(websocket, of_type("call_ended"))[-1]
        receive_until(websocket, of_type("server_stopping"))
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(PATIENCE)
    service.stop()
    assert ended["reason"] == "shutdown"
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    assert service.monitor.store.open("c1").status == "complete"


def test_a_stopped_server_lets_nobody_in(start_service: StartService, port: int) -> None:
    start_service(port=port).stop()
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", port), PATIENCE):
        pass


def test_a_client_that_does_not_read_does_not_keep_the_server_from_stopping(service: Service) -> None:
    with service.deaf_client():
        service.stop()
    assert not service.is_running


def test_sigterm_ends_the_program_with_exit_code_0(tmp_path: Path) -> None:
    script = "from tests.server.service import serve_here; import sys; serve_here(sys.argv[1])"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("ready"))
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
