"""Two processes on one store: one service alone, and `run` beside it."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from monitor.config.sections import StoreSection
from monitor.store.zarr.store import ZarrStore
from tests.end_to_end.conftest import ROOT, WAIT, ServeProcess

Serve = Callable[..., ServeProcess]


def emotion_monitor(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "monitor", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=WAIT, check=False)


def test_a_second_service_on_the_same_store_is_refused_in_one_line(serve: Serve) -> None:
    first = serve()
    second = emotion_monitor("serve", "--port", 0, "--store", first.store)
    said = second.stderr.splitlines()[-1]
    assert (second.returncode, "Traceback" in second.stderr) == (5, False)
    holder = rf"\(pid {first.process.pid} at http://127\.0\.0\.1:\d+\)"
    assert re.search(rf"is served by another process {holder}: stop that one, or name another store", said)


def test_a_run_beside_a_service_leaves_its_calls_alone(serve: Serve, lasting: tuple[str, str], tmp_path: Path) -> None:
    service = serve(*lasting)
    live, _ = service.start_call()
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(1).normal(0, 0.05, 16_000), 8_000)
    done = emotion_monitor("run", tmp_path / "a.wav", "--store", service.store, "--json", tmp_path / "report.json")
    service.end_call(live)
    ends = [message["call"] for message in ZarrStore(StoreSection(path=service.store)).journal.read(0, types=("call_ended",))]
    assert (done.returncode, "call_was_interrupted" in done.stderr) == (0, False)
    assert (Counter(ends)[live], len(ends), len(set(ends))) == (1, 2, 2)


def test_a_service_that_cannot_write_its_store_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = emotion_monitor("serve", "--port", 0, "--store", tmp_path / "file" / "store")
    said = done.stderr.splitlines()[-1]
    assert (done.returncode, f"emotion-monitor: cannot write the store {tmp_path}/file/store: " in said) == (5, True)
