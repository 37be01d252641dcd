"""Where the network runs."""

import os

import torch

from monitor.errors import EngineError


def choose_device(name: str) -> torch.device:
    """The device that `engine.device` names; `auto` is a GPU where torch sees one.

    Raises `EngineError` where there is no such device on this machine.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise EngineError(f"engine.device: {name!r} is no device; give auto, cpu, cuda or cuda:N") from None
    if device.type not in ("cpu", "cuda"):
        raise EngineError(f"engine.device: {name!r} is not supported; give auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise EngineError(
            f"engine.device: {name} was asked for, but torch {torch.__version__} sees {torch.cuda.device_count()} GPUs; "
            f"use auto or cpu, or install a torch built for this machine's CUDA"
        )
    return device


def choose_threads(threads: int) -> int:
    """CPU threads for inference; 0 takes every core that this process may use."""
    return threads or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
