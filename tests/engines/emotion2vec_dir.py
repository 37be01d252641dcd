"""Writes emotion2vec model folders with random weights of the true architecture, for tests and benchmarks.

Shapes, names, costs and arithmetic are real, the emotions are not. `large` has the tensors of emotion2vec_plus_large.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

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
SEED_TOKENS = ("生气/angry", "unuse_0", "unuse_1", "开心/happy", "中立/neutral", "unuse_2", "难过/sad", "unuse_3", "<unk>")
"""tokens.txt of emotion2vec_plus_seed."""


def model_conf(embed_dim: int, heads: int, depth: int, prenet: int, stem: int) -> dict[str, Any]:
    """FunASR's `model_conf` of a published model, at one size, without the settings that only training reads."""
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


def write_model(folder: Path, size: str = "tiny", tokens: Sequence[str] = PLUS_TOKENS, seed: int = 0) -> Path:
    """Write a folder as a hub would deliver it, and return it. Its weights lack the decoder, as published ones do."""
    from funasr.models.emotion2vec.model import Emotion2vec

    folder.mkdir(parents=True, exist_ok=True)
    conf = model_conf(**SIZES[size])
    config = {
        "model": "Emotion2vec",
        "model_conf": conf,
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
        "scope_map": ["d2v_model.", "none"],
    }
    text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    (folder / "tokens.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    metas = {"init_param": "model.pt", "config": "config.yaml", "tokenizer_conf": {"token_list": "tokens.txt"}}
    (folder / "configuration.json").write_text(json.dumps({"model": {"type": "funasr"}, "file_path_metas": metas}))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Emotion2vec(model_conf=conf, vocab_size=len(tokens))
    kept = {name: value for name, value in network.state_dict().items() if ".decoder." not in name}
    torch.save(
        {"model": {name if name.startswith("proj.") else f"d2v_model.{name}": kept[name] for name in kept}}, folder / "model.pt"
    )
    return folder
