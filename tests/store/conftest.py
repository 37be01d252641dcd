import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.store.zarr.store import ZarrStore
from tests.store.zarr_folder import store_at

ROOT = Path(__file__).parents[2]


class Worker:
    """Does what `worker.py` offers, in a process of its own each time."""

    def __init__(self) -> None:
        self._running = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.worker"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, do: str, **arguments: Any) -> int:
        """Begin; the process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._running = int(self._answer()["pid"])
        return self._running

    def result(self) -> Any:
        """Wait for the process that was begun last; what it answered, None where it was killed."""
        result = self._answer()["result"]
        self._running = 0
        return result

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.result()

    def stop(self) -> None:
        """End what a failed test left running."""
        if self._running:
            self.kill(self._running)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@pytest.fixture(scope="session")
def first_worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


@pytest.fixture
def worker(first_worker: Worker) -> Iterator[Worker]:
    yield first_worker
    first_worker.stop()


@pytest.fixture
def second_worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()
    worker.close()


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    return store_at(tmp_path / "store")
