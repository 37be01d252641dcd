"""An embedding as a live call's analysis sees it: the means of ticks of 0.1 s in which there is speech."""

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import NoFramesError
from monitor.timeline import TICK_RATE


def heard_ticks(embedding: Embedding) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean embeddings of shape (n, D), and the second of the call at which each tick ends, shape (n,).

    A tick is heard where all its rows are there, none is zero, and more than half of them are of speech, as far as that is
    known. An utterance is one tick. Raises `NoFramesError` where none is heard.
    """
    if embedding.granularity == "utterance":
        return np.asarray(embedding.vectors, np.float64), np.zeros(len(embedding))
    rows = max(1, round(embedding.rate / TICK_RATE))
    vectors = np.concatenate([block.astype(np.float64) for block in embedding.blocks(4000 // rows * rows)])
    starts = np.arange(0, len(vectors), rows)
    counts = np.diff([*starts, len(vectors)])
    means = np.add.reduceat(vectors, starts, axis=0) / counts[:, None]
    heard = np.logical_and.reduceat(~np.isnan(vectors[:, 0]) & vectors.any(axis=1), starts)
    if embedding.speaks is not None:
        heard &= 2 * np.add.reduceat(embedding.speaks.astype(np.int64), starts) > counts
    if not heard.any():
        raise NoFramesError(f"{embedding.source}: nobody speaks in it, so there is nothing to compare")
    ends = embedding.start + (starts + counts) / embedding.rate
    return means[heard], ends[heard]
