"""Commands that ask a running service find it where the same configuration has it listen."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.server.conftest import StartService, start_service  # noqa: F401 - a fixture
from tests.server.service import CALM


@pytest.mark.parametrize("host", ["::1", "[::1]", "127.0.0.1"])
def test_a_replay_reaches_the_service_of_its_own_configuration(
    host: str,
    start_service: StartService,  # noqa: F811
    emotion_monitor: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = start_service(host=host)
    service.finished_call("c1", {"customer": [CALM]})
    (tmp_path / "c.yaml").write_text(f"server: {{host: '{host}', port: {service.running.port}}}")
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    done = emotion_monitor("replay", "c1", "-c", "c.yaml", "--speed", "0")
    assert (done.returncode, f"{service.url} plays call c1 on its websocket" in done.stdout) == (0, True)


@pytest.mark.parametrize("written", ["127.0.0.1:{port}", "http://127.0.0.1:{port}/", "localhost:{port}/"])
def test_an_address_is_taken_as_people_write_it(
    written: str,
    start_service: StartService,  # noqa: F811
    emotion_monitor: Command,
) -> None:
    service = start_service()
    service.finished_call("c1", {"customer": [CALM]})
    done = emotion_monitor("replay", "c1", "--url", written.format(port=service.running.port), "--speed", "0")
    assert (done.returncode, "plays call c1" in done.stdout) == (0, True)
