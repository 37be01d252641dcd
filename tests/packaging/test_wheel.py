"""What is built can be installed and works where there is no checkout."""

import json
import subprocess
import tarfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor import __version__
from tests.end_to_end.conftest import ServeProcess
from tests.packaging.conftest import ROOT, Built, build, without_checkout


def files_of(folder: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*") if path.is_file()}


def output(installed: Path, folder: Path, program: str, *arguments: object) -> str:
    command = [str(installed / program), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=without_checkout(), capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def service(installed: Path, tmp_path: Path) -> Iterator[ServeProcess]:
    running = ServeProcess(tmp_path / "store", program=installed / "emotion-monitor")
    yield running
    running.stop()


def test_the_wheel_brings_configuration_rules_and_page(built: Built) -> None:
    data = files_of("configs") | {f"dashboards/{name.removeprefix('dashboards/dist/')}" for name in files_of("dashboards/dist")}
    data |= {name.removeprefix("dashboards/") for name in files_of("dashboards/grafana")}
    assert {
        "dashboards/index.html",
        "dashboards/evaluated/evaluated.js",
        "grafana/operations.json",
        "grafana/alert-rules.yml",
    } <= data
    assert {f"monitor/_data/{name}" for name in data} <= built.in_wheel()


def test_the_wheel_brings_weights_demonstration_types_and_nothing_that_only_the_project_needs(built: Built) -> None:
    inside = built.in_wheel()
    assert {
        "monitor/py.typed",
        "lab/py.typed",
        "monitor/engines/compact/open.safetensors",
        "monitor/engines/compact/research.safetensors",
        "monitor/demo/call.flac",
    } <= inside
    assert {name.partition("/")[0] for name in inside} == {"monitor", "lab", f"emotion_monitor-{__version__}.dist-info"}
    assert not any(name.startswith("lab/experiments") for name in inside)


def test_the_metadata_says_version_licences_and_pythons(built: Built) -> None:
    metadata = Parser().parsestr(built.metadata())
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "Apache-2.0 AND CC-BY-NC-SA-4.0"
    assert metadata["Requires-Python"] == "<3.14,>=3.11"
    licences = {f"emotion_monitor-{__version__}.dist-info/licenses/{name}" for name in metadata.get_all("License-File", [])}
    assert len(licences) == 2
    assert licences <= built.in_wheel()


def test_from_the_sdist_the_same_wheel_is_built(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    build(next(tmp_path.glob("emotion_monitor-*")), tmp_path / "again", "-t", "wheel")
    again = Built(next((tmp_path / "again").glob("*.whl")), built.sdist)
    assert again.in_wheel() == built.in_wheel()


def test_the_sdist_holds_the_tests_and_what_they_need(built: Built) -> None:
    assert {
        "conftest.py",
        "Makefile",
        "LICENSE",
        "dashboards/web/package-lock.json",
        "requirements/core.txt",
        "tests/packaging/test_wheel.py",
    } <= built.in_sdist()


def test_what_is_installed_is_the_wheel(installed: Path, tmp_path: Path) -> None:
    where = output(installed, tmp_path, "python", "-c", "import monitor; print(monitor.__file__)")
    assert Path(where.strip()).is_relative_to(installed.parent)
    assert output(installed, tmp_path, "emotion-monitor", "--version") == f"emotion-monitor {__version__}\n"


def test_a_recording_is_analysed_from_another_folder(installed: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "call.wav", np.zeros(4 * 8000), 8000)
    output(installed, tmp_path, "emotion-monitor", "run", "call.wav", "--store", "calls", "--json", "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["status"] == "complete"


def test_the_service_shows_its_page_from_another_folder(service: ServeProcess) -> None:
    assert service.ask("GET", "/health/ready").is_success
    page = service.ask("GET", "/").raise_for_status().text
    assert page == (ROOT / "dashboards" / "dist" / "index.html").read_text()
