"""What the benchmark is to measure, from what was asked for and what the machine has."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import torch

from monitor.engines.emotion2vec.device import Precision, choose_device, choose_precision, choose_threads
from monitor.engines.emotion2vec.engine import HOP, WINDOW
from monitor.engines.emotion2vec.models import resolve
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.errors import EngineError

GPU_BATCH = 256
"""Windows at once on a GPU, where no other number is asked for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured."""

    engines: Sequence[str]
    settings: Emotion2vecOptions
    """Device (not auto) and threads (not 0) are chosen. Rows replace what they differ in."""
    model: str
    """What that model is to be called."""
    compact_model: str | None
    """A file of weights; None for the shipped ones."""
    precisions: Sequence[Precision]
    windows: Sequence[tuple[float, float]]
    """Window and hop of emotion2vec, seconds."""
    gates: Sequence[bool]
    seconds: float
    """Of each leg's audio in each trial; and for which FunASR is timed before and after each row."""
    audio: str
    """What the legs hear, in words."""
    without_generate: str | None
    """Why FunASR is not to be compared; None where it is."""


def make_plan(
    settings: Emotion2vecOptions,
    *,
    engines: Sequence[str],
    model: str | None,
    called: str,
    compact_model: str | None,
    device: str | None,
    threads: int | None,
    latency: float | None,
    max_batch: int | None,
    precisions: Sequence[str],
    windows: Sequence[float],
    hops: Sequence[float],
    gate: bool | None,
    seconds: float,
    audio: str,
    without_generate: str | None,
) -> Plan:
    """None and nothing take the settings or the default; each window is measured with each hop.

    Raises `EngineError` where there is no such model or device, or the device does not compute in a precision.
    """
    if "emotion2vec" in engines:
        resolve(model)  # before anything is measured
    where = choose_device(device or settings.device) if "emotion2vec" in engines else torch.device("cpu")
    latency = latency or settings.latency
    changes = {
        "model": model,
        "device": str(where),
        "threads": choose_threads(settings.threads if threads is None else threads),
        "gate": settings.gate or Emotion2vecOptions().gate,
        "normalise": "leg",
        "latency": latency,
        "max_backlog": max(settings.max_backlog, latency),
        "max_batch": max_batch or (GPU_BATCH if where.type == "cuda" else settings.max_batch),
    }
    return Plan(
        engines=engines,
        settings=Emotion2vecOptions.model_validate(settings.model_dump() | changes),
        model=called,
        compact_model=compact_model,
        precisions=[choose_precision(one, where) for one in precisions] or default_precisions(where),
        windows=list(product(windows or (settings.window or WINDOW,), hops or (settings.hop or HOP,))),
        gates=(True, False) if gate is None else (gate,),
        seconds=seconds,
        audio=audio,
        without_generate=without_generate,
    )


def default_precisions(device: torch.device) -> tuple[Precision, ...]:
    """What emotion2vec can sensibly be run in on a device."""
    if device.type == "cuda":
        return ("bf16", "fp16")
    candidates: tuple[Precision, ...] = ("fp32", "int8", "bf16")
    return tuple(one for one in candidates if _is_computed(one, device))


def _is_computed(precision: Precision, device: torch.device) -> bool:
    try:
        choose_precision(precision, device)
    except EngineError:
        return False
    return True
