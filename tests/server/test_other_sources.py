"""The sources of docs/sources.md, brought by another package: opened, taken by the server, and held to the suites."""

import base64
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from monitor.config import Settings
from monitor.config.sections import StaticSource
from monitor.errors import ConfigError
from monitor.server.incoming import incoming_routes
from monitor.server.static_sources import StaticSources
from monitor.sources.registry import open_source, parse_source
from tests.server.conftest import StartService
from tests.server.service import PATIENCE, Service, of_type, receive, receive_until

ROOT = Path(__file__).parents[2]
PYTHON = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/sources.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
ENTRIES = re.findall(r"^```toml\n(.*?)^```", (ROOT / "docs/sources.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
TONE, ACME, TONE_TESTS, ACME_TESTS = PYTHON


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of docs/sources.md as `pip` installs it."""
    folder = tmp_path / "their"
    info = folder / "their_sources-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "their_sources.py").write_text(TONE + ACME)
    (folder / "test_tone.py").write_text(TONE_TESTS)
    (folder / "test_acme.py").write_text(ACME_TESTS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-sources\nVersion: 1.0\n")
    entries = re.sub(r'\[project.entry-points."(.*)"\]', r"[\1]", ENTRIES[0]).replace('"', "")
    (info / "entry_points.txt").write_text(entries)
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    yield folder
    sys.modules.pop("their_sources", None)


def test_a_source_of_another_package_is_named_and_opened_as_those_that_ship(installed: Path) -> None:
    kind, options = parse_source("tone:300")
    source = open_source(kind, options, Settings())
    assert (source.description, sum(len(chunk.samples) for chunk in source.chunks())) == ("tone of 300 Hz", 32_000)


def test_its_wrong_options_are_named(installed: Path) -> None:
    with pytest.raises(ConfigError, match="source tone: unknown option pitch; it takes hertz, seconds"):
        open_source("tone", {"pitch": 3}, Settings())


def test_calls_of_a_protocol_of_another_package_come_to_a_route_of_their_own(
    installed: Path, start_service: StartService
) -> None:
    service = start_service()
    with connect(service.url.replace("http", "ws") + "/ws/v1/acme", open_timeout=PATIENCE) as websocket:
        websocket.send('{"event": "start", "callId": "acme-7"}')
        websocket.send(json.dumps({"event": "media", "payload": base64.b64encode(bytes(4_000)).decode()}))
        websocket.send('{"event": "stop"}')
        said = receive(websocket)
    assert said == {"event": "stopped", "reason": "finished"}
    assert service.monitor.store.open("acme-7").committed("customer") == 25


def test_a_route_that_is_taken_is_refused_with_both_names(installed: Path) -> None:
    entries = installed / "their_sources-1.0.dist-info" / "entry_points.txt"
    entries.write_text(entries.read_text() + "bell = their_sources:AcmeCall\n")
    importlib.invalidate_caches()
    with pytest.raises(ConfigError, match=r"source bell: its route /ws/v1/acme is that of acme"):
        incoming_routes()


def test_both_pass_the_suites_from_their_own_package(installed: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(installed), str(installed)]
    environment = {"PYTHONPATH": f"{installed}:{ROOT}", "PATH": "/usr/bin:/bin", "HYPOTHESIS_STORAGE_DIRECTORY": str(installed)}
    run = subprocess.run(command, cwd=installed, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert re.search(r"2\d passed", run.stdout), run.stdout


def test_a_source_that_comes_by_itself_is_not_opened() -> None:
    with pytest.raises(ConfigError, match="source: ingest is not opened: its calls come to a running service"):
        parse_source("ingest:x")
    with pytest.raises(ConfigError, match="ingest is not opened"):
        open_source("ingest", {}, Settings())


def test_a_source_that_comes_by_itself_needs_no_place_under_sources_and_has_none(service: Service) -> None:
    settings = service.settings.model_copy(update={"sources": (StaticSource(kind="ingest"),)})
    with pytest.raises(ConfigError, match="ingest is not opened"):
        StaticSources(service.monitor, settings).start()


def test_a_source_of_the_configuration_is_opened_again_where_it_recurs_and_only_there(
    installed: Path, service: Service
) -> None:
    once = StaticSource(kind="tone", call="tone", options={"seconds": 1})
    sources = StaticSources(service.monitor, service.settings.model_copy(update={"sources": (once,)}))
    with service.websocket("type=call_ended") as websocket:
        receive(websocket)
        sources.start()
        receive_until(websocket, of_type("call_ended"))
    sources.close()
    assert len(service.monitor.store.catalogue()) == 1
