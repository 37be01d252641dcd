"""A sound file as an embedding, heard by an engine that runs: what is asked about may be a clip."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import NoFramesError
from monitor.config import Settings
from monitor.errors import ConfigError, EngineError
from monitor.events import Frames, Leg, Mark
from monitor.frame_format import LegFormat
from monitor.frame_format import joined as one_run
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.intake import check_privacy
from monitor.pipeline.leg import InferredLeg
from monitor.pipeline.listening import MAX_AHEAD
from monitor.pipeline.windows import Geometry
from monitor.sources.file import FileSource
from monitor.timeline import SAMPLE_RATE

MOST_SECONDS = 60.0
"""A moment is asked about, not a call."""


def hear_clip(path: Path, leg: Leg, settings: Settings, worker: InferenceWorker, name: str = "") -> Embedding:
    """The frames of a clip of one speaker, who is taken for the `leg`; `name` is what messages call it.

    Live calls do not wait for it. Raises `SourceError` where it cannot be decoded, `ConfigError` where it may not be analysed,
    has several channels or lasts more than `MOST_SECONDS`, `EngineError` where it cannot be computed.
    """
    name = name or str(path)
    if leg not in settings.privacy.subjects:
        raise ConfigError(f"{name}: the {leg} may not be analysed (privacy.subjects)")
    source = FileSource(path, (leg,))
    info = worker.info
    track = InferredLeg(
        "clip",
        leg,
        LegFormat(info.dim, len(info.labels), dtype="float32"),
        worker,
        Geometry.of(settings.engine, info),
        live=False,
    )
    runs: list[Frames] = []
    samples = 0
    try:
        check_privacy(source, settings.privacy)
        for chunk in source.chunks():
            track.push(chunk)
            samples += len(chunk.samples)
            if samples > MOST_SECONDS * SAMPLE_RATE:
                raise ConfigError(f"{name} lasts longer than {MOST_SECONDS:.0f} s; give the part of it that is meant")
            runs += track.collect(MAX_AHEAD)
        track.finish()
        runs += track.collect(0)
    finally:
        source.stop()
        track.close()
    if not runs:
        raise NoFramesError(f"{name} is shorter than a frame (20 ms)")
    frames = one_run(runs)
    if track.skipped:
        raise EngineError(f"{name}: {track.skipped.total()} of {track.frames} frames could not be computed; see the log")
    speaks = (frames.speech >= settings.state.speech_threshold) & ((frames.marks & Mark.SKIPPED) == 0)
    return Embedding(
        np.asarray(frames.embedding),
        "frame",
        name,
        stored_shape=frames.embedding.shape,
        stored_dtype="float32",
        speaks=speaks,
        engine=asdict(info),
    )
