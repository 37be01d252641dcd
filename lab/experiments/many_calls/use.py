"""What the processes of a service take, by the kernel's accounts."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """So far, of all of them together."""

    user: float
    """Seconds of a core."""
    system: float
    voluntary: int
    """Context switches because a thread waited ..."""
    involuntary: int
    """... and because another one's turn had come."""
    reads: int
    """System calls that read or write files (`syscr`, `syscw` of `/proc/PID/io`): not those of sockets."""
    writes: int
    memory_mb: float
    """Proportional set size: pages that several processes share are counted once."""
    worker_mb: float
    """The same, of the largest process but the first; 0 where there is none."""
    threads: int
    descriptors: int
    processes: int


def pids_of(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="utf-8").split():
            found += pids_of(int(child))
    return found


def seconds_of(pid: int) -> float:
    """Of a core, that one process has taken so far."""
    return sum(_times(Path(f"/proc/{pid}")))


def use_of(pid: int) -> Use:
    """Of a process and its descendants."""
    pids = pids_of(pid)
    user = system = 0.0
    memory: dict[int, float] = {}
    voluntary = involuntary = reads = writes = threads = descriptors = 0
    for each in pids:
        folder = Path(f"/proc/{each}")
        try:
            in_user, in_system = _times(folder)
            user, system = user + in_user, system + in_system
            for task in (folder / "task").iterdir():
                threads += 1
                voluntary += _number(task / "status", "voluntary_ctxt_switches")
                involuntary += _number(task / "status", "nonvoluntary_ctxt_switches")
            reads, writes = reads + _number(folder / "io", "syscr"), writes + _number(folder / "io", "syscw")
            memory[each] = _number(folder / "smaps_rollup", "Pss") / 1000
            descriptors += len(list((folder / "fd").iterdir()))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return Use(
        user=user,
        system=system,
        voluntary=voluntary,
        involuntary=involuntary,
        reads=reads,
        writes=writes,
        memory_mb=sum(memory.values()),
        worker_mb=max((memory[each] for each in memory if each != pid), default=0.0),
        threads=threads,
        descriptors=descriptors,
        processes=len(pids),
    )


def _times(folder: Path) -> tuple[float, float]:
    """Seconds in user and in system mode, of a process's folder."""
    fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) / TICKS, int(fields[12]) / TICKS


def _number(path: Path, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return int(found[1]) if found else 0


class SystemCalls:
    """Counts the system calls of processes by `perf`, where there is one and it may; it costs them little."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._counting: subprocess.Popen[str] | None = None
        if perf := shutil.which("perf"):
            command = [perf, "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-p", ",".join(map(str, pids))]
            self._counting = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def count(self) -> int | None:
        """How many there were since the beginning; None where nobody may know."""
        if self._counting is None:
            return None
        self._counting.send_signal(signal.SIGINT)
        _, said = self._counting.communicate(timeout=30)
        found = re.search(r"^(\d+),", said, re.MULTILINE)
        return int(found[1]) if found else None
