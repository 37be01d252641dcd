"""Writes emotion2vec model folders with random weights of the true architecture, drawn by FunASR itself.

Shapes, names, costs and arithmetic are real, the emotions are not. `large` has the tensors of emotion2vec_plus_large.
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from monitor.engines.emotion2vec.random_model import PLUS_TOKENS, SIZES, model_conf
from monitor.engines.emotion2vec.write_folder import write_folder

SEED_TOKENS = ("生气/angry", "unuse_0", "unuse_1", "开心/happy", "中立/neutral", "unuse_2", "难过/sad", "unuse_3", "<unk>")
"""tokens.txt of emotion2vec_plus_seed."""


def write_model(folder: Path, size: str = "tiny", tokens: Sequence[str] = PLUS_TOKENS, seed: int = 0) -> Path:
    """Write a folder as a hub would deliver it, and return it. Its weights lack the decoder, as published ones do."""
    from funasr.models.emotion2vec.model import Emotion2vec

    conf = model_conf(**SIZES[size])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Emotion2vec(model_conf=conf, vocab_size=len(tokens))
    kept = {name: value for name, value in network.state_dict().items() if ".decoder." not in name}
    return write_folder(folder, conf, tokens, kept)
