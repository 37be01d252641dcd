"""Proof that a prepared model is the original: the file as it was written against FunASR's own network."""

from pathlib import Path

import numpy as np
import torch

from monitor.engines.catalogue import Deviation
from monitor.engines.emotion2vec.model import Model
from monitor.engines.emotion2vec.network import TAIL
from monitor.engines.emotion2vec.normalise import by_its_own
from monitor.engines.emotion2vec.original import Original
from monitor.engines.emotion2vec.prepared import read_prepared, write_prepared
from monitor.engines.emotion2vec.runner import Runner
from monitor.errors import EngineError
from monitor.output_file import written
from monitor.timeline import FRAME_SAMPLES

TOLERANCE = 1e-4
"""Of an embedding's element or a logit; both are of order 1."""
_LENGTHS = (1, 50, 100, 137)
"""Frames of the windows compared."""


def prepare(model: Model, path: Path) -> Deviation:
    """Write a model to `path`, read it back and compare it with the original.

    Raises `EngineError` where they differ by more than `TOLERANCE` or it cannot be written; what was at `path` stays then.
    """
    try:
        with written(path) as part:
            write_prepared(model, part)
            deviation = compare(read_prepared(part), Original(model))
            if not max(deviation.embedding, deviation.logits) <= TOLERANCE:
                raise EngineError(
                    f"the prepared model differs from FunASR's by {deviation.embedding:g} in embeddings and "
                    f"{deviation.logits:g} in logits, {TOLERANCE:g} is allowed: use the folder as it is and report this"
                )
    except OSError as error:
        raise EngineError(f"{path} cannot be written: {error}") from None
    return deviation


def compare(model: Model, original: Original) -> Deviation:
    """Both on noise of a few lengths, float32 on the processor."""
    runner = Runner(model, torch.device("cpu"), "fp32", torch.get_num_threads())
    rng, embedding, logits = np.random.default_rng(0), 0.0, 0.0
    for frames in _LENGTHS:
        samples = rng.normal(0.01, 0.1, frames * FRAME_SAMPLES).astype(np.float32)
        wave = np.pad(samples, (0, TAIL))
        ours = runner.frames(runner.features([by_its_own(wave) if runner.architecture.normalize else wave]), 0, frames)
        theirs = original(samples)
        embedding = max(embedding, float(np.abs(ours[0][0] - theirs[0]).max()))
        logits = max(logits, float(np.abs(ours[1][0] - theirs[1]).max()))
    return Deviation(sum(_LENGTHS), embedding, logits)
