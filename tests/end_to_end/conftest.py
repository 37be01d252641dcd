"""A real service in a process of its own, and a real RTP sender."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.demo import CALL

ROOT = Path(__file__).parents[2]
WAIT = 120.0
"""Seconds after which a test gives up waiting, an answer included; nothing depends on how quickly things come."""


class ServeProcess:
    """`emotion-monitor serve` on loopback, on a port that it takes itself, with the embedded default."""

    def __init__(self, store: Path, *arguments: str, descriptors: int | None = None, program: Path | None = None) -> None:
        """`descriptors` is the hard limit of the process; none leaves it alone. `program` is that of an installation."""
        self.store = store
        self.url = ""
        monitor = [str(program)] if program else [sys.executable, "-m", "monitor"]
        command = [*monitor, "serve", "--port", "0", "--store", str(store), *arguments]
        command = ["prlimit", f"--nofile={descriptors}", *command] if descriptors else command
        descriptor, log = tempfile.mkstemp(prefix="serve-", suffix=".log", dir=store.parent)
        self.log = Path(log)
        with os.fdopen(descriptor, "w") as out:
            self.process = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=store.parent,
                env={**os.environ, "PYTHONPATH": "" if program else str(ROOT)},
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + WAIT
        while time.monotonic() < give_up and self.process.poll() is None:
            if found := re.search(r"url=(http://\S+)\s", self.log.read_text()):
                self.url = found[1]
                if self.ask("GET", "/health/ready").is_success:
                    return
            time.sleep(0.05)
        pytest.fail(f"the service did not start:\n{self.log.read_text()}")

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """A request, in a connection of its own; its answer."""
        return httpx.request(method, self.url + path, timeout=WAIT, **given)

    def about(self, call: str) -> dict[str, Any]:
        """What the service says of a call."""
        return dict(self.ask("GET", f"/api/v1/calls/{call}").raise_for_status().json())

    def start_call(self, **body: Any) -> tuple[str, dict[str, int]]:
        legs = {"legs": {"customer": {"codec": "pcmu"}, "agent": {"codec": "pcmu"}}}
        answer = self.ask("POST", "/api/v1/calls", json={**legs, **body}).raise_for_status().json()
        return answer["call"], {leg: where["port"] for leg, where in answer["legs"].items()}

    def end_call(self, call: str) -> dict[str, Any]:
        """End a call; its `call_ended` message."""
        self.ask("DELETE", f"/api/v1/calls/{call}").raise_for_status()
        return self.wait_for(call, "call_ended")

    def wait_for(self, call: str, kind: str) -> dict[str, Any]:
        give_up = time.monotonic() + WAIT
        while time.monotonic() < give_up:
            events = self.events(call)
            found = [event for event in events if event["type"] == kind]
            if found:
                return found[0]
            time.sleep(0.05)
        pytest.fail(f"no {kind} of call {call} within {WAIT} s")

    def events(self, call: str) -> list[dict[str, Any]]:
        answer = self.ask("GET", f"/api/v1/calls/{call}/events").raise_for_status().json()
        return list(answer["events"])

    def frames(self, call: str) -> int:
        return min(self.about(call)["legs"].values())

    def wait_for_frames(self, call: str, frames: int) -> None:
        give_up = time.monotonic() + WAIT
        while self.frames(call) < frames:
            assert time.monotonic() < give_up, f"call {call} has no {frames} frames after {WAIT} s"
            time.sleep(0.05)

    def wait_for_packets(self, call: str, packets: int) -> None:
        """Until so many of all legs have come, or are known to be lost: a call that ends before leaves them unread."""
        give_up = time.monotonic() + WAIT
        while (come := sum(leg["packets"] + leg["lost"] for leg in self.about(call)["reports"].values())) < packets:
            assert time.monotonic() < give_up, f"call {call} has {come} packets of {packets} after {WAIT} s"
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(WAIT)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., ServeProcess]]:
    started: list[ServeProcess] = []

    def start(*arguments: str, **options: Any) -> ServeProcess:
        started.append(ServeProcess(tmp_path / "store", *arguments, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop(signal.SIGKILL)


@pytest.fixture
def lasting(tmp_path: Path) -> tuple[str, str]:
    """Arguments of `serve` by which no call ends for want of packets, however long a busy machine takes to go on."""
    (tmp_path / "lasting.yaml").write_text("rtp: {inactivity: 3600}\n")
    return ("--config", str(tmp_path / "lasting.yaml"))


@pytest.fixture
def ffmpeg_sender() -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Starts ffmpeg sending seconds of the demonstration's call to two ports, 20 ms packets of G.711 in real time."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    started: list[subprocess.Popen[bytes]] = []

    def start(customer: int, agent: int, seconds: float) -> "subprocess.Popen[bytes]":
        pace = "aresample=8000,asetnsamples=n=160:p=0,arealtime"
        split = f"[0:a]channelsplit=channel_layout=stereo[l][r];[l]{pace}[a];[r]{pace}[b]"
        command = ["ffmpeg", "-v", "error", "-t", str(seconds), "-i", str(CALL), "-filter_complex", split]
        for pad, port in (("[a]", customer), ("[b]", agent)):
            command += ["-map", pad, "-c:a", "pcm_mulaw", "-f", "rtp", f"rtp://127.0.0.1:{port}?pkt_size=172"]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
