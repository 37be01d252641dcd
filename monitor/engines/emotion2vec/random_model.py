"""emotion2vec models of random weights, of the published architecture: for benchmarks and tests where no weights are at hand.

Shapes, names, costs and arithmetic are real, the emotions are not. `large` has the tensors of emotion2vec_plus_large.
"""

from math import prod
from pathlib import Path
from typing import Any

import torch

from monitor.engines.emotion2vec.architecture import ENCODER, Architecture
from monitor.engines.emotion2vec.labels import read_labels
from monitor.engines.emotion2vec.model import Model

SIZES = {
    "tiny": {"embed_dim": 64, "heads": 4, "depth": 2, "prenet": 1, "stem": 64},
    "base": {"embed_dim": 768, "heads": 12, "depth": 8, "prenet": 4, "stem": 512},
    "large": {"embed_dim": 1024, "heads": 16, "depth": 8, "prenet": 4, "stem": 512},
}
PLUS_TOKENS = (
    "生气/angry",
    "厌恶/disgusted",
    "恐惧/fearful",
    "开心/happy",
    "中立/neutral",
    "其他/other",
    "难过/sad",
    "吃惊/surprised",
    "<unk>",
)
"""tokens.txt of emotion2vec_plus_large and _base."""


def random_model(size: str, seed: int = 0) -> Model:
    """A model of one of `SIZES`, in memory; the same for the same seed."""
    path, config = Path(f"random {size}"), model_conf(**SIZES[size])
    shape, generator = Architecture.of(config, path), torch.Generator().manual_seed(seed)
    weights = {name: _draw(name, size, generator) for name, size in shape.shapes(len(PLUS_TOKENS)).items()}
    weights[f"{ENCODER}alibi_scale"] = torch.ones(1, 1, shape.biased_heads, 1, 1)
    return Model(path, config, PLUS_TOKENS, read_labels(PLUS_TOKENS), weights, f"random-{size}-{seed}")


def model_conf(embed_dim: int, heads: int, depth: int, prenet: int, stem: int) -> dict[str, Any]:
    """FunASR's `model_conf` of a published model, at one size; of what only training reads, what FunASR asks for."""
    decoder = {
        "decoder_dim": 64,
        "decoder_groups": 16,
        "decoder_kernel": 7,
        "decoder_layers": 2,
        "input_dropout": 0.1,
        "projection_layers": 1,
        "projection_ratio": 2.0,
        "add_positions_masked": False,
        "add_positions_all": False,
        "decoder_residual": True,
    }
    audio = {
        "type": "AUDIO",
        "prenet_depth": prenet,
        "prenet_layerdrop": 0.05,
        "prenet_dropout": 0.1,
        "start_drop_path_rate": 0.0,
        "end_drop_path_rate": 0.0,
        "num_extra_tokens": 10,
        "init_extra_token_zero": True,
        "local_grad_mult": 1.0,
        "use_alibi_encoder": True,
        "alibi_scale": 1.0,
        "learned_alibi": False,
        "alibi_max_pos": None,
        "learned_alibi_scale": True,
        "learned_alibi_scale_per_head": True,
        "learned_alibi_scale_per_layer": False,
        "num_alibi_heads": heads,
        "model_depth": depth,
        "decoder": decoder,
        "extractor_mode": "layer_norm",
        "conv_pos_width": 95,
        "conv_pos_groups": 16,
        "conv_pos_depth": 5,
        "conv_pos_pre_ln": False,
        "feature_encoder_spec": f"[({stem}, 10, 5)] + [({stem}, 3, 2)] * 4 + [({stem},2,2)] + [({stem},2,2)]",
    }
    return {
        "depth": depth,
        "start_drop_path_rate": 0.0,
        "end_drop_path_rate": 0.0,
        "num_heads": heads,
        "norm_eps": 1e-5,
        "norm_affine": True,
        "encoder_dropout": 0.1,
        "post_mlp_drop": 0.1,
        "attention_dropout": 0.1,
        "activation_dropout": 0.0,
        "dropout_input": 0.0,
        "layerdrop": 0.05,
        "embed_dim": embed_dim,
        "mlp_ratio": 4.0,
        "layer_norm_first": False,
        "average_top_k_layers": depth,
        "end_of_block_targets": False,
        "clone_batch": 8,
        "normalize": True,
        "modalities": {"audio": audio},
    }


def _draw(name: str, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """As training begins: norms do nothing, products and convolutions keep the size of what they are given about as it is."""
    if len(shape) == 1:
        return torch.ones(shape) if name.endswith("weight") else torch.zeros(shape)
    if name.endswith("extra_tokens"):
        return torch.randn(shape, generator=generator)
    deviation = (2 / prod(shape[1:])) ** 0.5 if len(shape) == 3 else 0.02
    return deviation * torch.randn(shape, generator=generator)
