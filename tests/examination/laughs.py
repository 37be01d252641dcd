"""A configuration whose aliases grow as they are opened ("billion laughs")."""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.examination.row import Row

TRIED = "a configuration, and a file of rules, of a kilobyte that would take gigabytes (billion laughs)"
LIMIT = 4 * 2**30
WAIT = 180.0


def examine(tree: Path, short: bool) -> list[Row]:
    """`config check` in a process that may take 4 GB of addresses."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{depth}: &a{depth} [{', '.join([f'*a{depth - 1}'] * 10)}]" for depth in range(1, 10)]
    with tempfile.TemporaryDirectory(prefix="examination-") as folder:
        laughs, config = Path(folder) / "laughs.yaml", Path(folder) / "config.yaml"
        laughs.write_text("\n".join(lines), encoding="utf-8")
        config.write_text("alerts: {rules: [laughs.yaml]}\n", encoding="utf-8")
        return [_checked(tree, laughs, "configuration"), _checked(tree, config, "file of rules")]


def _checked(tree: Path, config: Path, what: str) -> Row:
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "config", "check", "--config", str(config)],
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    resource.prlimit(process.pid, resource.RLIMIT_AS, (LIMIT, LIMIT))
    peak = 0.0
    while process.poll() is None and time.monotonic() - began < WAIT:
        if found := re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")):
            peak = max(peak, int(found[0]) * 1024 / 1e6)
        time.sleep(0.02)
    took = time.monotonic() - began
    if process.poll() is None:
        process.kill()
    code = process.wait()
    figure = f"{peak:.0f} MB, {took:.1f} s, {code}"
    return Row(f"billion laughs in a {what}: memory, time, exit code", figure, "below 300 MB, 2", peak < 300 and code == 2)
