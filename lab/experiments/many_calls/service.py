"""A service of its own, of this or of another checkout, and a sender beside it."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from monitor.demo import CALL

SENDER = Path(__file__).parents[1] / "rtp_load.py"
WORKER_WITHIN = 30.0
"""Seconds within which a service with workers has its first one."""


def takes_workers(tree: Path | None) -> bool:
    """Whether the version in a checkout has workers; this one has."""
    return tree is None or "workers:" in (tree / "monitor/cli/serve.py").read_text(encoding="utf-8")


@contextmanager
def service(tree: Path | None, workers: int | None, calls: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A service for so many calls, and its address. With workers, its first one is there: calls stay where they begin."""
    with tempfile.TemporaryDirectory(prefix="many-calls-") as folder:
        log = Path(folder) / "log"
        config = Path(folder) / "config.yaml"
        config.write_text(f"server: {{max_calls: {calls + 10}}}\n", encoding="utf-8")
        command = [sys.executable, "-m", "monitor", "serve", "--port", "0"]
        command += ["--store", f"{folder}/store", "--config", str(config)]
        command += ["--workers", str(workers)] if workers is not None else []
        environment = {**os.environ, "PYTHONPATH": str(tree or Path.cwd())}
        with log.open("wb") as out:
            process = subprocess.Popen(command, stderr=out, stdout=out, cwd=tree, env=environment)
        try:
            url = _said(log, process, r"url=(http://[^\s\x1b]+)", 120.0)
            if url is None:
                raise SystemExit(log.read_text(encoding="utf-8"))
            if workers != 1 and takes_workers(tree):
                _said(log, process, r"(worker_ready)", WORKER_WITHIN)
            yield url, process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                process.kill()


def _said(log: Path, process: subprocess.Popen[bytes], pattern: str, within: float) -> str | None:
    """What a pattern finds in the log; None where that does not come, or the service ends."""
    end = time.monotonic() + within
    while time.monotonic() < end and process.poll() is None:
        text = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(encoding="utf-8"))
        if found := re.search(pattern, text):
            return found[1]
        time.sleep(0.05)
    return None


def begun(http: httpx.Client, calls: int) -> Sequence[int]:
    """Begin so many calls; the ports of their legs."""
    ports = []
    for number in range(calls):
        body = {"call": f"c{number}", "legs": {"customer": {"codec": "PCMU"}, "agent": {"codec": "PCMU"}}}
        answer = http.post("/api/v1/calls", json=body).raise_for_status().json()
        ports += [leg["port"] for leg in answer["legs"].values()]
    return ports


class Sender:
    """Packets to so many ports, until it is stopped."""

    def __init__(self, ports: Sequence[int], silent: float) -> None:
        command = [sys.executable, str(SENDER), "--silent", str(silent), str(CALL), *map(str, ports)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def stop(self) -> Mapping[str, Any]:
        """What it says of itself: `sent` packets, by how many seconds the `latest` were late, `busy` share of a core."""
        self._process.terminate()
        said, _ = self._process.communicate(timeout=30)
        return dict(json.loads(said))
