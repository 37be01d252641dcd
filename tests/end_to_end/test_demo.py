"""The demonstration does what the README promises, and says clearly why where it cannot."""

import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Command, emotion_monitor

__all__ = ["emotion_monitor"]


@pytest.mark.slow
def test_a_call_goes_from_rtp_to_replay(emotion_monitor: Command, tmp_path: Path) -> None:
    done = emotion_monitor("demo", "--port", 0)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ALERT raised" in done.stdout
    assert "live and replayed events are equal, id for id" in done.stdout
    assert list((tmp_path / "demo-store" / "snapshots").glob("*/customer/embedding.npy"))
    assert [path.name for path in tmp_path.iterdir()] == ["demo-store"]


def test_a_taken_port_is_named_with_what_to_do(emotion_monitor: Command) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = emotion_monitor("demo", "--port", port)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert f"port {port} on 127.0.0.1 is taken" in done.stderr
    assert "--port" in done.stderr


def test_whoever_stops_it_finds_no_log_of_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "monitor", "demo", "--port", "0", "--store", str(tmp_path / "store")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(tmp_path)}
    heeded = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # what a shell runs in the background ignores it
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True, preexec_fn=heeded) as process:
        assert process.stdout is not None
        said = next(line for line in process.stdout if "the service is ready" in line)
        logs = list(tmp_path.glob("*.log"))
        process.send_signal(signal.SIGINT)
        process.communicate()  # reads to the end: a pipe that is closed before ends it otherwise
    assert (len(logs), process.returncode, list(tmp_path.glob("*.log"))) == (1, 130, []), said
