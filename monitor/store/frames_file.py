"""Frames as one file of named arrays, for programs that are not this one: safetensors, which cannot hold code.

The format: https://github.com/huggingface/safetensors#format
"""

from typing import cast

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from monitor.events import Frames, Leg
from monitor.frame_format import LegFormat, check_shapes, damage, from_disk, to_disk

MEDIA_TYPE = "application/octet-stream"
MAX_FRAMES = 1500
"""Frames a file: a limit on the memory of who writes and who reads one; 30 s, a chunk of the store."""


def pack(frames: Frames, leg_format: LegFormat) -> bytes:
    """A file of `embedding` (in the dtype of the store), `logits`, `speech` and `marks`, shaped as in `Frames`."""
    arrays = {
        "embedding": to_disk(frames.embedding, leg_format),
        "logits": frames.logits,
        "speech": frames.speech,
        "marks": frames.marks,
    }
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def unpack(content: bytes, call: str, leg: Leg, start: int, leg_format: LegFormat) -> Frames:
    """The frames of a file that nobody vouches for. Raises `ValueError` where it is none, or not of this format."""
    types = {"embedding": leg_format.dtype, "logits": "float32", "speech": "float32", "marks": "uint8"}
    try:
        arrays = load(content)
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"no frames: {error}") from None
    found = {name: str(array.dtype) for name, array in arrays.items()}
    if found != types:
        raise ValueError(f"no frames: arrays {found}, not {types}")
    embedding = from_disk(cast("np.ndarray[tuple[int, int], np.dtype[np.float32]]", arrays["embedding"]))
    frames = Frames(call, leg, start, embedding, arrays["logits"], arrays["speech"], arrays["marks"], leg_format.stride)
    check_shapes(frames, leg_format)
    if (wrong := damage(frames)) is not None:
        raise ValueError(f"{wrong} in frames {start} to {frames.stop}")
    return frames
