"""Where the network runs, in which precision, on how many threads."""

import os
from typing import Literal

import torch

from monitor.engines.emotion2vec.int8_range import arithmetic
from monitor.engines.processor import has_bf16
from monitor.errors import EngineError

Precision = Literal["fp32", "int8", "bf16", "fp16"]


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


def choose_precision(name: str, device: torch.device) -> Precision:
    """The precision that `engine.precision` names; `auto` is exact on a processor, and bf16 (fp16 on older chips) on a GPU.

    Raises `EngineError` where the device does not compute in it, does so wrongly (int8 is proved here), or would be slower with
    it than without.
    """
    wanted: dict[str, Precision] = {"fp32": "fp32", "int8": "int8", "bf16": "bf16", "fp16": "fp16"}
    if name == "auto":
        if device.type == "cpu":
            return "fp32"
        return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"
    precision = wanted[name]
    if device.type == "cuda" and precision == "int8":
        raise EngineError("engine.precision: int8 is for the processor; on a GPU use bf16, fp16, fp32 or auto")
    if device.type == "cpu" and precision == "fp16":
        raise EngineError("engine.precision: fp16 is for a GPU; on the processor use int8, fp32 or auto")
    if device.type == "cpu" and precision == "bf16" and not has_bf16():
        raise EngineError(
            "engine.precision: this processor has no bf16 arithmetic (AVX512-BF16 or AMX); use int8, fp32 or auto"
        )
    if device.type == "cpu" and precision == "int8":
        arithmetic()
    return precision


def choose_threads(threads: int) -> int:
    """CPU threads for inference; 0 takes every core that this process may use."""
    return threads or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
