"""Tests for hardware that a machine has or has not."""

import platform

import pytest
import torch

from monitor.engines.processor import has_bf16
from tests.not_to_be_installed import NO_AVX2, NO_BF16, NO_GPU, NO_X86

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)
needs_bf16 = pytest.mark.skipif(not has_bf16(), reason=NO_BF16)
needs_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason=NO_X86)
needs_avx2 = pytest.mark.skipif(not torch.cpu._is_avx2_supported(), reason=NO_AVX2)
