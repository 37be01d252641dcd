"""Writes an emotion2vec model as the folder that a hub would deliver, which FunASR's `AutoModel` reads."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml


def write_folder(
    folder: Path, model_conf: Mapping[str, Any], tokens: Sequence[str], weights: Mapping[str, torch.Tensor]
) -> Path:
    """Write config.yaml, tokens.txt, configuration.json and model.pt, and return the folder.

    `weights` by the names that the network gives its parameters; in the file they have FunASR's prefix. Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "model": "Emotion2vec",
        "model_conf": dict(model_conf),
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
        "scope_map": ["d2v_model.", "none"],
    }
    text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    (folder / "tokens.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    metas = {"init_param": "model.pt", "config": "config.yaml", "tokenizer_conf": {"token_list": "tokens.txt"}}
    (folder / "configuration.json").write_text(json.dumps({"model": {"type": "funasr"}, "file_path_metas": metas}))
    named = {name if name.startswith("proj.") else f"d2v_model.{name}": value for name, value in weights.items()}
    torch.save({"model": named}, folder / "model.pt")
    return folder
