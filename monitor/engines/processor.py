"""What this machine's processor does by itself."""

import torch


def has_bf16() -> bool:
    """Whether this processor multiplies bf16 numbers itself. Emulation is some twenty times slower than fp32."""
    return bool(torch.cpu._is_avx512_bf16_supported()) or bool(torch.cpu._is_amx_tile_supported())
