"""How many live calls over real RTP one machine carries: a service in processes of its own, packets from another process.

    python -m lab.experiments.many_calls --calls 40 --calls 80 --workers 1 --workers 2
    python -m lab.experiments.many_calls --calls 40 --tree /path/to/older/checkout --workers 1   # beside another version

Each load is a fresh service with so many calls of two legs, the demonstration's call in a loop (each leg speaks about half of
the time), G.711 in packets of 20 ms that are made beforehand. After `--settle` seconds it is watched for `--seconds`. A row:
p95 latency of windows, frames skipped, growth of the hop, packets lost; processor time of the service's processes a leg-second,
in user and in system mode; context switches a leg-second; memory a call beyond the service without calls; threads, descriptors.
`--tree`: have the service of that checkout, by this interpreter; rows of one run can be compared, of two runs hardly.
"""

import argparse
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import soundfile

from monitor.demo import CALL

TICKS = os.sysconf("SC_CLK_TCK")
SENDER = Path(__file__).with_name("rtp_load.py")


@dataclass(frozen=True, slots=True)
class Use:
    """What a service's processes have taken so far."""

    user: float
    system: float
    switches: int
    memory_mb: float
    """Proportional set size: pages that several processes share are counted once."""
    threads: int
    descriptors: int
    processes: int


@dataclass(frozen=True, slots=True)
class Row:
    """One load."""

    version: str
    workers: int | None
    calls: int
    carried: bool
    p95: float
    skipped: int
    hop_factor: float
    lost_packets: int
    user_ms: float
    """Of a core, a leg-second."""
    system_ms: float
    switches: float
    """A leg-second."""
    memory_mb_a_call: float
    threads: int
    descriptors: int
    processes: int


def use_of(pid: int) -> Use:
    """Of a process and its descendants."""
    pids = [pid, *_descendants(pid)]
    user = system = switches = 0.0
    memory, threads, descriptors = 0.0, 0, 0
    for each in pids:
        try:
            fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            user, system = user + int(fields[11]) / TICKS, system + int(fields[12]) / TICKS
            for task in Path(f"/proc/{each}/task").iterdir():
                threads += 1
                switches += sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", (task / "status").read_text(encoding="utf-8"))))
            memory += int(re.findall(r"^Pss:\s+(\d+)", Path(f"/proc/{each}/smaps_rollup").read_text(encoding="utf-8"), re.M)[0])
            descriptors += len(list(Path(f"/proc/{each}/fd").iterdir()))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return Use(user, system, int(switches), memory / 1000, threads, descriptors, len(pids))


def _descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="utf-8").split():
            found += [int(child), *_descendants(int(child))]
    return found


@contextmanager
def service(tree: Path | None, workers: int | None, calls: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A service of its own, and its address."""
    with tempfile.TemporaryDirectory(prefix="many-calls-") as folder:
        log = Path(folder) / "log"
        config = Path(folder) / "config.yaml"
        config.write_text(f"server: {{max_calls: {calls + 10}}}\n", encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "monitor",
            "serve",
            "--port",
            "0",
            "--store",
            f"{folder}/store",
            "--config",
            str(config),
        ]
        command += ["--workers", str(workers)] if workers is not None else []
        environment = {**os.environ, "PYTHONPATH": str(tree or Path.cwd())}
        with log.open("wb") as out:
            process = subprocess.Popen(command, stderr=out, stdout=out, cwd=tree, env=environment)
        try:
            while not (found := re.search(r"url=(http://\S+)", log.read_text(encoding="utf-8"))):
                if process.poll() is not None:
                    raise SystemExit(log.read_text(encoding="utf-8"))
                time.sleep(0.1)
            yield re.sub(r"\x1b\[[0-9;]*m", "", found[1]), process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                process.kill()


def measure(tree: Path | None, workers: int | None, calls: int, settle: float, seconds: float, latency: float) -> Row:
    """One load."""
    with service(tree, workers, calls) as (url, process), httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        empty = use_of(process.pid)
        ports = []
        for number in range(calls):
            body = {"call": f"c{number}", "legs": {"customer": {"codec": "PCMU"}, "agent": {"codec": "PCMU"}}}
            answer = http.post("/api/v1/calls", json=body).raise_for_status().json()
            ports += [leg["port"] for leg in answer["legs"].values()]
        sender = subprocess.Popen([sys.executable, str(SENDER), str(CALL), *map(str, ports)], stdin=subprocess.PIPE)
        time.sleep(settle)
        before, began = use_of(process.pid), time.monotonic()
        first = http.get("/api/v1/status").json()["inference"]
        time.sleep(seconds)
        after, took = use_of(process.pid), time.monotonic() - began
        last = http.get("/api/v1/status").json()["inference"]
        lost = sum(_lost(http.get(f"/api/v1/calls/c{number}").json()) for number in range(calls))
        sender.terminate()
        sender.wait()
    leg_seconds = 2 * calls * took
    skipped = sum(last["frames_skipped"].values()) - sum(first["frames_skipped"].values())
    carried = last["latency_p95"] <= latency and not skipped and last["hop_factor"] <= 1.05
    return Row(
        version="this" if tree is None else tree.name,
        workers=workers,
        calls=calls,
        carried=carried,
        p95=round(last["latency_p95"], 3),
        skipped=skipped,
        hop_factor=last["hop_factor"],
        lost_packets=lost,
        user_ms=round(1000 * (after.user - before.user) / leg_seconds, 2),
        system_ms=round(1000 * (after.system - before.system) / leg_seconds, 2),
        switches=round((after.switches - before.switches) / leg_seconds, 1),
        memory_mb_a_call=round((after.memory_mb - empty.memory_mb) / calls, 2),
        threads=after.threads,
        descriptors=after.descriptors,
        processes=after.processes,
    )


def _lost(call: Mapping[str, Any]) -> int:
    return sum(
        round(report.get("lost", 0)) + round(report.get("overflow_seconds", 0) * 50) for report in call["reports"].values()
    )


def shown(rows: Sequence[Row]) -> str:
    """A table in Markdown."""
    head = (
        "| version | workers | calls | carried | p95 s | skipped | hop | lost | user ms | system ms | switches | MB a call "
        "| threads | descriptors |\n|---|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    lines = []
    for row in rows:
        load: list[object] = [row.version, row.workers or "-", row.calls, "yes" if row.carried else "no", row.p95, row.skipped]
        cost = [row.hop_factor, row.lost_packets, row.user_ms, row.system_ms, row.switches, row.memory_mb_a_call, row.threads]
        cells = [*load, *cost, row.descriptors]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([head, *lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, action="append", required=True)
    parser.add_argument("--workers", type=int, action="append")
    parser.add_argument("--tree", type=Path, action="append", help="a checkout of another version, which has no workers")
    parser.add_argument("--settle", type=float, default=12.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--latency", type=float, default=1.5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if soundfile.info(str(CALL)).samplerate != 8_000:
        raise SystemExit("the demonstration's call is expected at 8 kHz")
    rows: list[Row] = []
    for calls in args.calls:
        loads: list[tuple[Path | None, int | None]] = [(tree, None) for tree in args.tree or ()]
        for tree, workers in [*loads, *((None, workers) for workers in args.workers or [1])]:
            rows.append(measure(tree, workers, calls, args.settle, args.seconds, args.latency))
            print(shown(rows[-1:]).splitlines()[-1], flush=True)
    print(shown(rows))
    if args.json:
        args.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
