"""A call sent by ffmpeg as RTP in real time to a service: the frames lie where the file's own lie, with and without loss."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.config.sections import StoreSection
from monitor.demo import CALL
from monitor.events import Frames, Leg
from monitor.store.zarr.store import ZarrStore
from tests.end_to_end.conftest import ROOT, ServeProcess
from tests.end_to_end.lossy_path import LossyPath
from tests.server.service import wait_until
from tests.sources.rtp.free_ports import free_port

SECONDS = 20.0
UNKNOWN = 6
"""Packets, at most, whose loss nobody can know: the last of each leg."""


@pytest.fixture(scope="module")
def from_file(tmp_path_factory: pytest.TempPathFactory) -> dict[Leg, Frames]:
    """The frames of the same seconds, read from the file."""
    folder = tmp_path_factory.mktemp("file")
    samples, rate = soundfile.read(CALL)
    soundfile.write(folder / "call.wav", samples[: int(SECONDS * rate)], rate)
    command = [sys.executable, "-m", "monitor", "run", "call.wav", "--call", "file", "--store", "store", "-q"]
    subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=True, timeout=240)
    stored = ZarrStore(StoreSection(path=folder / "store")).open("file")
    return {"customer": stored.read("customer"), "agent": stored.read("agent")}


def best_lag(one: Frames, other: Frames, most: int = 50) -> int:
    """Frames by which `one` lies after `other`, where their speech agrees best."""
    n = min(len(one), len(other)) - 2 * most
    reference = other.speech[most : most + n]
    fits = [np.corrcoef(one.speech[most + lag : most + lag + n], reference)[0, 1] for lag in range(-most, most + 1)]
    return int(np.argmax(fits)) - most


@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_frames_lie_where_the_files_own_lie(
    serve: Callable[..., ServeProcess],
    ffmpeg_sender: Callable[..., "subprocess.Popen[bytes]"],
    lasting: tuple[str, str],
    from_file: dict[Leg, Frames],
    loss: float,
) -> None:
    service = serve(*lasting)
    call, ports = service.start_call()
    paths = {leg: LossyPath(port, loss) for leg, port in ports.items()}
    assert ffmpeg_sender(paths["customer"].port, paths["agent"].port, SECONDS).wait(90) == 0
    service.wait_for_packets(call, int(2 * SECONDS * 50) - UNKNOWN)
    ended = service.end_call(call)
    stored = ZarrStore(StoreSection(path=service.store)).open(call)
    first = min(path.began for path in paths.values())
    begins = {leg: round((path.began - first) * 50) for leg, path in paths.items()}  # a busy machine sends one leg later
    lags = {leg: best_lag(stored.read(leg), from_file[leg]) - begins[leg] for leg in from_file}
    assert max(map(abs, lags.values())) <= 1, (lags, begins)
    lost = sum(report["lost"] for report in ended["legs"].values())
    packets = sum(report["packets"] for report in ended["legs"].values())
    assert lost + packets == pytest.approx(2 * SECONDS * 50, abs=UNKNOWN)
    assert lost == pytest.approx(loss * 2 * SECONDS * 50, abs=40)


def test_a_call_without_a_packet_ends_by_inactivity(serve: Callable[..., ServeProcess], tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("rtp: {inactivity: 1.0}\n")
    service = serve("--config", str(tmp_path / "c.yaml"))
    call, _ = service.start_call()
    assert service.wait_for(call, "call_ended")["reason"] == "inactive"


def test_a_static_source_begins_a_call_with_its_first_packet(
    serve: Callable[..., ServeProcess], ffmpeg_sender: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    customer, agent = free_port(), free_port()
    legs = {"customer": {"port": customer, "codec": "pcmu"}, "agent": {"port": agent, "codec": "pcmu"}}
    settings = {"rtp": {"inactivity": 5.0}, "sources": [{"kind": "rtp", "call": "trunk", "options": {"legs": legs}}]}
    (tmp_path / "c.yaml").write_text(json.dumps(settings))
    service = serve("--config", str(tmp_path / "c.yaml"))
    assert service.store.exists() is False or ZarrStore(StoreSection(path=service.store)).catalogue() == []
    ffmpeg_sender(customer, agent, 3.0).wait(60)
    store = ZarrStore(StoreSection(path=service.store))
    wait_until(lambda: store.catalogue() != [])
    (line,) = store.catalogue()
    assert line.id.startswith("trunk-")
    assert service.wait_for(line.id, "call_ended")["reason"] == "inactive"
