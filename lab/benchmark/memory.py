"""Memory that something needs at most: of the process, and of the GPU."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from monitor.pipeline.allocator import give_back

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(slots=True)
class Memory:
    """In MB, beyond what was held before (which other models may be); known when it is over."""

    process: float | None = None
    """None where the system does not tell (it is Linux that does)."""
    gpu: float | None = None
    """Allocated by torch; None without a GPU."""


@contextmanager
def measured_memory(device: torch.device) -> Iterator[Memory]:
    """The peak of what is inside."""
    # Memory that the allocator keeps would be used again, and no peak would show it.
    gc.collect()
    give_back()
    memory, before, allocated = Memory(), _reset(), 0
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        allocated = torch.cuda.memory_allocated(device)
    yield memory
    if before is not None:
        memory.process = max(_line("VmHWM") - before, 0.0)
    if device.type == "cuda":
        memory.gpu = (torch.cuda.max_memory_allocated(device) - allocated) / 1e6


def _reset() -> float | None:
    """Have the system forget the process's peak; what the process holds now, in MB."""
    try:
        _RESET.write_text("5")
        return _line("VmRSS")
    except OSError:
        return None


def _line(name: str) -> float:
    values = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
    return int(values[name].split()[0]) * 1024 / 1e6
