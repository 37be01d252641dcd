"""Services that are forked from a process which has imported the program: a start takes as long as its work, 0.3 s in place of
2.5 s of the processor, and whoever kills it while it starts hits that work.

In that process, `python -m tests.examination.warm`, each line of its input is the arguments of a service to begin and the FIFO
for its log, or the number of one to kill; it answers with the number.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import IO

IMPORTED = (
    "monitor.cli.serve",
    "monitor.server.serve",
    "monitor.workers.open_monitor",
    "monitor.store.zarr.store",
    "zarr",
    "soxr",
)


class Warm:
    """Where services come from. From any thread."""

    def __init__(self, tree: Path) -> None:
        self._lock = Lock()
        environment = {**os.environ, "PYTHONPATH": f"{tree}:{Path(__file__).parents[2]}", "NO_COLOR": "1"}
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)

    def ask(self, what: object) -> int:
        """Say a line, and hear the number."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            print(json.dumps(what), file=self._process.stdin, flush=True)
            return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it; its services were killed."""
        self._process.kill()
        self._process.wait()


class WarmService:
    """One service: as much of `subprocess.Popen` as an examination uses."""

    def __init__(self, warm: Warm, arguments: list[str], folder: Path) -> None:
        self._warm = warm
        self.returncode: int | None = None
        log = folder / f"{os.urandom(4).hex()}.log"
        os.mkfifo(log)
        self.pid = warm.ask({"arguments": arguments, "log": str(log), "folder": str(folder)})
        self.stdout: IO[bytes] = log.open("rb")
        log.unlink()

    def poll(self) -> int | None:
        """Its exit code, once it was killed."""
        return self.returncode

    def kill(self) -> None:
        """SIGKILL; it is gone when this returns."""
        if self.returncode is None:
            self.returncode = -self._warm.ask(self.pid)

    def send_signal(self, number: int) -> None:
        """Of whichever; SIGKILL is waited for."""
        if number == signal.SIGKILL:
            self.kill()
        else:
            os.kill(self.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """It was killed, and so is gone."""
        assert self.returncode is not None
        return self.returncode


def _begin(arguments: list[str], log: str, folder: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.chdir(folder)
    nothing, said = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY)
    for here, there in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(here, there)
    sys.argv = ["emotion-monitor", *arguments]
    code = 1
    try:
        runpy.run_module("monitor", run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(code)


def _main() -> None:
    for module in IMPORTED:
        with suppress(ImportError):  # an older version has it elsewhere
            import_module(module)
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        if isinstance(asked, dict):
            print(_begin(**asked), flush=True)
        else:
            os.kill(asked, signal.SIGKILL)
            os.waitpid(asked, 0)
            print(signal.SIGKILL.value, flush=True)


if __name__ == "__main__":
    _main()
