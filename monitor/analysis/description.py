"""Describes an embedding: what `emotion-monitor embeddings info` shows, and whether what lies beside it agrees."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from monitor.analysis.embedding import AUDIO_FILE, FRAMES_FILE, Embedding

_SUM_TOLERANCE = 0.02
_SECONDS_TOLERANCE = 0.1
"""The last frames of a recording may be lacking: the engine's receptive field ends before them."""


@dataclass(frozen=True, slots=True)
class Description:
    """What there is to say of an embedding."""

    source: str
    granularity: str
    shape: tuple[int, ...]
    """In the file."""
    dtype: str
    """In the file."""
    dim: int
    frames: int | None
    """None of an utterance."""
    rate: float | None
    """Frames a second."""
    seconds: float | None
    norm_min: float
    norm_median: float
    norm_max: float
    nan_frames: int
    """Without a result."""
    zero_frames: int
    """Wholly zero, as some engines leave silence."""
    label: str | None
    """With the highest score."""
    score: float | None
    engine: str
    agrees: bool | None
    """Whether `result.json` and the sound beside the array fit it; None where there is nothing beside it."""
    disagreements: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return asdict(self)


def describe(embedding: Embedding) -> Description:
    """What there is to say of an embedding; its array is read once, block by block."""
    norms = np.concatenate([np.linalg.norm(block, axis=1) for block in embedding.blocks()])
    there = norms[~np.isnan(norms)]
    frames = embedding.granularity == "frame"
    scores = embedding.scores if embedding.scores and len(embedding.scores) == len(embedding.labels) else None
    best = None if scores is None else int(np.argmax(scores))
    disagreements = tuple(_disagreements(embedding))
    beside = embedding.result is not None or _seconds_of_sound(embedding) is not None
    return Description(
        source=embedding.source,
        granularity=embedding.granularity,
        shape=embedding.stored_shape,
        dtype=embedding.stored_dtype,
        dim=embedding.dim,
        frames=len(embedding) if frames else None,
        rate=embedding.rate if frames else None,
        seconds=embedding.seconds,
        norm_min=float(there.min()),
        norm_median=float(np.median(there)),
        norm_max=float(there.max()),
        nan_frames=len(norms) - len(there),
        zero_frames=int((there == 0).sum()),
        label=None if best is None else embedding.labels[best],
        score=None if best is None or scores is None else scores[best],
        engine=" ".join(str(embedding.engine[key]) for key in ("name", "model", "version") if embedding.engine.get(key)),
        agrees=not disagreements if beside else None,
        disagreements=disagreements,
    )


def _disagreements(embedding: Embedding) -> Iterator[str]:
    """What lies beside the array says another thing than the array."""
    result = embedding.result
    if result is not None and embedding.file is not None:
        name, shape = embedding.file.name, embedding.stored_shape
        if result.shape is not None and name == FRAMES_FILE and result.shape != shape:
            yield f"result.json says the shape {result.shape}, the array has {shape}"
        said = result.granularity_of(name)
        if said is not None and said != embedding.granularity:
            yield f"result.json says {said}, the array of shape {shape} is {embedding.granularity}"
        if result.scores is not None and len(result.scores) != len(result.labels):
            yield f"result.json has {len(result.labels)} labels and {len(result.scores)} scores"
        elif result.scores and (min(result.scores) < 0 or abs(sum(result.scores) - 1) > _SUM_TOLERANCE):
            yield f"the scores of result.json sum to {sum(result.scores):.2f}, and probabilities to 1"
        dim = result.engine.get("dim")
        if isinstance(dim, int) and dim != embedding.dim:
            yield f"result.json says an engine of {dim} features, the array has {embedding.dim}"
    sound, seconds = _seconds_of_sound(embedding), embedding.seconds
    if sound is not None and seconds is not None and abs(sound - seconds) > _SECONDS_TOLERANCE:
        yield f"{AUDIO_FILE} lasts {sound:.2f} s, the frames {seconds:.2f} s"


def _seconds_of_sound(embedding: Embedding) -> float | None:
    """Of `processed_audio.wav` in a folder of the web interface; None where it is not there or no sound."""
    if embedding.file is None or embedding.file.name != FRAMES_FILE:
        return None
    path = embedding.file.with_name(AUDIO_FILE)
    if not path.is_file():
        return None
    import soundfile

    try:
        return float(soundfile.info(path).duration)
    except (soundfile.SoundFileError, OSError):
        return None
