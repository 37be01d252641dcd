"""Stored calls that sound as a test says: stretches of one direction each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from monitor.conformance.stored_calls import record_of
from monitor.events import Frames, Leg
from monitor.frame_format import LegFormat, as_stored
from monitor.store.base import Store
from monitor.timeline import FRAME_RATE

DIM = 8
Stretch = tuple[int | None, float]
"""The feature in which a stretch lies, None for silence, and its seconds."""


def tone(feature: int) -> np.ndarray:
    """The direction of a feature."""
    return np.eye(DIM, dtype=np.float32)[feature]


def store_call(
    store: Store, call: str, legs: Mapping[Leg, Sequence[Stretch]], *, dim: int = DIM, seed: int = 0, **record: Any
) -> str:
    """Store a call whose legs have these stretches, with a little noise. Of `dim` 0 they may not be analysed."""
    format_ = LegFormat(dim, 3 if dim else 0)
    writer = store.create(record_of(call, legs=dict.fromkeys(legs, format_), **record))
    rng = np.random.default_rng(seed)
    for leg, stretches in legs.items():
        features = [feature for feature, seconds in stretches for _ in range(round(seconds * FRAME_RATE))]
        embedding = np.stack([tone(feature or 0) for feature in features])
        embedding = (embedding + 0.05 * rng.standard_normal(embedding.shape)).astype(np.float32)
        logits = np.zeros((len(features), format_.classes), np.float32)
        speech = np.array([feature is not None for feature in features], np.float32)
        marks = np.zeros(len(features), np.uint8)
        writer.append(as_stored(Frames(call, leg, 0, embedding[:, :dim], logits, speech, marks), format_))
    writer.finish("finished", {})
    return call
