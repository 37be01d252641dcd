"""The service that is examined: `emotion-monitor serve` of a checkout, in a process and a folder of its own."""

import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from monitor.config.sections import StoreSection
from monitor.events import Frames
from monitor.store.registry import open_store
from tests.examination.warm import Warm, WarmService

HERE = Path(__file__).parents[2]
WAIT = 300.0


class Examined:
    """One service, which may be killed and started again on its store."""

    def __init__(
        self, tree: Path, folder: Path, config: str = "", descriptors: int | None = None, warm: Warm | None = None
    ) -> None:
        """`descriptors`: the hard limit of the process; none leaves it alone. `warm`: where it is forked from, if anywhere."""
        self.tree, self.folder, self.store, self._warm = tree, folder, folder / "store", warm
        self._prefix = ["prlimit", f"--nofile={descriptors}"] if descriptors else []
        self.config = folder / "config.yaml"
        self.config.write_text(config, encoding="utf-8")
        self.headers: dict[str, str] = {}
        self.logged = 0
        """Bytes of its log."""
        self.start()

    def start(self) -> float:
        """Start it; seconds until it says where it listens."""
        began = time.monotonic()
        listening = threading.Event()
        self.said = ""
        self.process = self._begun()
        threading.Thread(target=self._read_log, args=(self.process, listening), daemon=True).start()
        if not listening.wait(WAIT) or "url=" not in self.said:
            raise SystemExit(f"the service of {self.tree} did not start: {self.said}")
        return time.monotonic() - began

    def spawn(self, after: float) -> None:
        """Start it and kill it so many seconds later, whatever it has come to."""
        process = self._begun()
        time.sleep(after)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def _begun(self) -> "subprocess.Popen[bytes] | WarmService":
        arguments = ["serve", "--port", "0", "--store", str(self.store), "--config", str(self.config)]
        if (self.tree / "monitor/workers").is_dir():
            arguments += ["--workers", "1"]
        if self._warm is not None:
            return WarmService(self._warm, arguments, self.folder)
        return subprocess.Popen(
            [*self._prefix, sys.executable, "-m", "monitor", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.tree), "NO_COLOR": "1"},
        )

    def _read_log(self, process: "subprocess.Popen[bytes] | WarmService", listening: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.logged += len(line)
            text = re.sub(r"\x1b\[[0-9;]*m", "", line.decode(errors="replace"))
            self.said = (self.said + text)[-4_000:]
            if found := re.search(r"url=(http://\S+)", text):
                self.url = found[1]
                listening.set()
        listening.set()

    def ask(self, method: str, path: str, *, timeout: float = WAIT, **given: Any) -> httpx.Response:
        """A request, in a connection of its own."""
        headers = {**self.headers, **given.pop("headers", {})}
        options = {"trust_env": False, "verify": False, "timeout": timeout}  # no TLS here; loading its roots is slow
        return httpx.request(method, self.url + path, headers=headers, **options, **given)

    def call(self, call: str, *legs: str) -> dict[str, int]:
        """Begin a call; the ports of its legs."""
        body = {"call": call, "legs": {leg: {"codec": "pcmu"} for leg in legs or ("mixed",)}}
        answer = self.ask("POST", "/api/v1/calls", json=body).raise_for_status().json()
        return {leg: there["port"] for leg, there in answer["legs"].items()}

    def about(self, call: str) -> dict[str, Any]:
        """What the service says of a call."""
        found: dict[str, Any] = self.ask("GET", f"/api/v1/calls/{call}").json()
        return found

    def report(self, call: str, leg: str = "mixed") -> dict[str, Any]:
        """A leg's account."""
        found: dict[str, Any] = self.about(call)["reports"][leg]
        return found

    def end(self, call: str, timeout: float = 60.0) -> bool:
        """End a call; whether it was stored within the time."""
        self.ask("DELETE", f"/api/v1/calls/{call}")
        give_up = time.monotonic() + timeout
        while time.monotonic() < give_up:
            if self.about(call).get("status") not in ("live", None):
                return True
            time.sleep(0.1)
        return False

    def events(self, call: str) -> list[dict[str, Any]]:
        """What the journal holds of a call."""
        found: list[dict[str, Any]] = self.ask("GET", f"/api/v1/calls/{call}/events").json()["events"]
        return found

    def frames(self, call: str, leg: str = "mixed") -> Frames:
        """As they are stored; read from the disk."""
        stored = open_store(StoreSection(path=self.store)).open(call)
        return stored.read(leg)  # type: ignore[arg-type]

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it, by default at once."""
        self.process.send_signal(number)
        self.process.wait(WAIT)

    def full_disk(self, full: bool) -> None:
        """While `full`, no file of the service may grow (RLIMIT_FSIZE, set from outside)."""
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (1 if full else hard, hard))

    def memory_mb(self) -> float:
        """Resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) * 1024 / 1e6

    def processor(self) -> float:
        """Seconds of the processor that it has used."""
        user, system = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def threads(self) -> int:
        """Of the process."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def descriptors(self) -> int:
        """Open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


@contextmanager
def examined(tree: Path, config: str = "", descriptors: int | None = None, warm: Warm | None = None) -> Iterator[Examined]:
    """A service for the time of the block, and its folder, which goes by itself where an exception or a signal ends the block:
    what an hour of calls left takes minutes to remove."""
    with _folder() as folder:
        service = Examined(tree, folder, config, descriptors, warm)
        try:
            yield service
        finally:
            if service.process.poll() is None:
                service.process.send_signal(signal.SIGCONT)
                service.kill()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="examination-"))
    nothing = subprocess.DEVNULL
    try:
        yield folder
    finally:
        removing = subprocess.Popen(
            ["rm", "-rf", str(folder)], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )
    removing.wait()
