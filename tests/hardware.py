"""Tests for hardware that a machine has or has not: what it lacks cannot be installed, so `--no-skips` forgives it."""

import platform

import pytest
import torch

from monitor.engines.processor import has_bf16

NO_GPU = "torch sees no CUDA device"
NO_BF16 = "this processor has no bf16 arithmetic (AVX512-BF16 or AMX)"
NO_X86 = "this processor is no x86"
NOT_TO_BE_INSTALLED = (NO_GPU, NO_BF16, NO_X86)

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)
needs_bf16 = pytest.mark.skipif(not has_bf16(), reason=NO_BF16)
needs_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason=NO_X86)
