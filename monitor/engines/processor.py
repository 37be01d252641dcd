"""What this machine's processor does by itself."""

import torch


def has_bf16() -> bool:
    """Whether this processor multiplies bf16 numbers itself, and oneDNN has it do so (`ONEDNN_MAX_CPU_ISA` may forbid it).

    Emulation is some twenty times slower than fp32.
    """
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return bool(native and torch.ops.mkldnn._is_mkldnn_bf16_supported())
