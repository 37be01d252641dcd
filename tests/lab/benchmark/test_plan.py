"""What is measured where nothing is asked for."""

import pytest
import torch

from lab.benchmark.plan import default_precisions
from monitor.engines.emotion2vec import device
from monitor.errors import EngineError

CPU = torch.device("cpu")


def refuse() -> int:
    raise EngineError("engine.precision: this processor's int8 products are wrong")


def test_a_processor_is_measured_in_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "has_bf16", lambda: True)
    monkeypatch.setattr(device, "arithmetic", lambda: None)
    assert default_precisions(CPU) == ("fp32", "int8", "bf16")


def test_what_a_processor_has_not_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "has_bf16", lambda: False)
    monkeypatch.setattr(device, "arithmetic", refuse)
    assert default_precisions(CPU) == ("fp32",)
