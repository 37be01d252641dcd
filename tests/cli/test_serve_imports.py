"""A service starts with what it needs: what only some calls, or other commands, want is imported where they want it."""

import subprocess
import sys
from pathlib import Path

HEAVY = (
    "IPython",
    "av",
    "funasr",
    "httpx",
    "huggingface_hub",
    "matplotlib",
    "numba",
    "pandas",
    "pyarrow",
    "ruptures",
    "scipy.linalg",
    "scipy.signal",
    "scipy.stats",
    "sklearn",
    "sounddevice",
    "torch",
    "xarray",
)
SERVE = f"""
import os, sys
from monitor.server.serve import _Server

async def started(server, sockets=None):
    print("LOADED", sorted(set({HEAVY!r}) & set(sys.modules)), flush=True)
    os._exit(0)

_Server.startup = started
from monitor.cli.main import app
app(["serve", "--port", "0", "--workers", "1", "--store", sys.argv[1]])
"""
WORK = f"""
import sys, monitor.workers.worker, monitor.store.zarr.store, monitor.engines.compact.engine
print("LOADED", sorted(set({HEAVY!r}) & set(sys.modules)), flush=True)
"""


def loaded(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=300)
    return next(line for line in done.stdout.splitlines() if line.startswith("LOADED"))


def test_a_service_that_is_ready_has_imported_nothing_heavy_that_it_may_never_need(tmp_path: Path) -> None:
    assert loaded(SERVE, str(tmp_path / "store")) == "LOADED []"


def test_a_worker_imports_nothing_heavy_that_it_may_never_need() -> None:
    assert loaded(WORK) == "LOADED []"
