"""A service of this machine, started as an operator would: `emotion-monitor serve` in a process of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from monitor.config.load import ENVIRONMENT_PREFIX
from monitor.config.sections import StoreSection
from monitor.errors import MonitorError
from monitor.server.serve import bind
from monitor.store.base import Store
from monitor.store.registry import open_store

START_SECONDS = 120.0
STOP_SECONDS = 60.0


@contextmanager
def service(port: int, store: Path, engine: str | None, model: str | None) -> Iterator[str]:
    """Start a service, wait until it is ready, yield its address, and stop it gracefully.

    `port` 0 takes any free one: the service takes it itself, and says in its store which it is. What the service logs is kept
    where something failed, and the error names the file.
    Raises `ConfigError` where the port is taken, `MonitorError` where the service does not start or does not stop well.
    """
    if port:
        bind("127.0.0.1", port).close()
    kept = open_store(StoreSection(path=store))
    other = kept.served_at()
    command = [sys.executable, "-m", "monitor", "serve", "--host", "127.0.0.1", "--port", str(port), "--store", str(store)]
    command += ["--engine", engine] if engine else []
    command += ["--model", model] if model else []
    descriptor, name = tempfile.mkstemp(prefix="emotion-monitor-demo-", suffix=".log")
    log = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=_environment())
        try:
            yield _address_once_ready(kept, other, process, log)
        except (KeyboardInterrupt, BrokenPipeError):  # who watched has gone: nothing failed
            log.unlink()
            raise
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    if process.returncode != 0:
        raise MonitorError(f"the service ended with exit code {process.returncode}; its log is {log}")
    log.unlink()


SHOWN = {f"{ENVIRONMENT_PREFIX}STORE__AUDIO": "flac", f"{ENVIRONMENT_PREFIX}PRIVACY__LISTEN_IN": "true"}
"""What the page can show beyond a service's defaults: the demonstration's callers are synthetic, so their sound may be kept and
heard."""


def _environment() -> dict[str, str]:
    """This process's, without what it says of a server: the demonstration has one of its own."""
    server = f"{ENVIRONMENT_PREFIX}SERVER"
    own = {key: text for key, text in os.environ.items() if not key.startswith(server) and key != "CREDENTIALS_DIRECTORY"}
    return {**SHOWN, **own}


def _address_once_ready(store: Store, other: str | None, process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where the service listens; `other`: where another did that has the store, if any, for which ours is going to end."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if process.poll() is not None:
            last = log.read_text(encoding="utf-8").strip().splitlines()[-1:] or ["(it said nothing)"]
            log.unlink()
            raise MonitorError(f"the service did not start: {last[0].removeprefix('emotion-monitor: ')}")
        url = store.served_at()
        try:
            if url and url != other and httpx.get(f"{url}/health/ready", timeout=2, trust_env=False).is_success:
                return url
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise MonitorError(f"the service was not ready after {START_SECONDS:.0f} s; its log is {log}")
