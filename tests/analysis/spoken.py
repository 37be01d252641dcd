"""Embeddings of which is known what is in them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from monitor.analysis import Embedding

DIM = 12
ENGINE = {"name": "compact", "version": "1"}


def moods(*means: Sequence[float], frames: int = 200, spread: float = 0.3, seed: int = 0) -> np.ndarray:
    """Frames about one mean after the other, shape (frames for each, DIM)."""
    random = np.random.default_rng(seed)
    centres = [np.resize(np.asarray(mean, float), DIM) for mean in means]
    return np.concatenate([centre + random.normal(0, spread, (frames, DIM)) for centre in centres]).astype(np.float32)


def embedding(vectors: np.ndarray, **changes: Any) -> Embedding:
    known = {"source": "call-9/customer", "engine": ENGINE, "call": "call-9", "leg": "customer"}
    granularity = "frame" if len(vectors) > 1 else "utterance"
    return Embedding(
        vectors,
        granularity,
        stored_shape=vectors.shape,
        stored_dtype="float32",
        **{**known, **changes},
    )
