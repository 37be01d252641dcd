"""How far apart frames are: our forward pass and FunASR's, leg and window, precisions and fp32, with and without the gate."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lab.benchmark.generate import Generate
from lab.benchmark.report import Deviation
from lab.benchmark.windows import first_windows
from monitor.audio.chunk import Samples
from monitor.engines.base import Window
from monitor.engines.emotion2vec.device import Precision
from monitor.engines.emotion2vec.engine import Emotion2vecEngine, MakeRunner
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.emotion2vec.runner import Runner
from monitor.errors import SourceError
from monitor.pipeline.windows import Geometry
from monitor.timeline import FRAME_RATE

Array = NDArray[np.float32]
Frames = tuple[Array, Array]
"""Embeddings (n, D) and logits (n, C)."""


def deviations(
    settings: Emotion2vecOptions,
    geometry: Geometry,
    samples: Samples,
    precisions: Sequence[Precision],
    generate: Generate | None,
    progress: Callable[[str], None],
) -> Iterator[Deviation]:
    """Row by row, over one leg's `samples` in windows of `geometry`; `generate` where FunASR is to be compared.

    fp32 is compared with FunASR, normalised by the window as there, over all frames. Then comes each step away from that:
    normalised by the leg, with the gate of `settings`, the precisions; over the frames that the gate computes, because the
    others are not heard. (A window of nothing but a line's faint noise, put to deviation 1, is a roar that no leg's window is.)
    Raises `SourceError` where nobody speaks.
    """
    window, hop = geometry.window / FRAME_RATE, geometry.hop / FRAME_RATE

    def frames(way: str, make_runner: MakeRunner = Runner, **changes: object) -> Frames:
        progress(f"deviation: {way}")
        engine = Emotion2vecEngine(
            Emotion2vecOptions.model_validate(settings.model_dump() | {"gate": 0, "precision": "fp32"} | changes), make_runner
        )
        results = [engine.infer([one])[0] for one in first_windows(geometry, engine.open_leg(), samples)]
        return np.concatenate([one.embedding for one in results]), np.concatenate([one.logits for one in results])

    def row(way: str, against: str, mine: Frames, other: Frames) -> Deviation:
        return compare(mine, other, way=way, against=against, window=window, hop=hop)

    gated = frames("fp32 with the gate", gate=settings.gate)
    spoken = np.asarray(gated[0].any(axis=1))
    if not spoken.any():
        raise SourceError("nobody speaks in the first seconds of the call, so no frames can be compared: give another --call")
    by_window, by_leg = frames("fp32 by the window", normalise="window"), frames("fp32")
    if generate is not None:
        progress("deviation: FunASR's generate()")
        parts = [_wanted(one, generate.frames(one.samples)) for one in first_windows(geometry, 0, samples)]
        theirs = np.concatenate([embedding for embedding, _ in parts]), np.concatenate([logits for _, logits in parts])
        yield row("fp32 by the window", "generate()", by_window, theirs)
    yield row("fp32 by the leg", "fp32 by the window", _of(by_leg, spoken), _of(by_window, spoken))
    yield row("fp32 by the leg, silence too", "fp32 by the window", by_leg, by_window)
    yield row("fp32 with the gate", "fp32", _of(gated, spoken), _of(by_leg, spoken))
    if "int8" in precisions:
        blocks = frames("int8, the blocks alone", partial(Runner, stem="fp32"), precision="int8")
        yield row("int8, the blocks alone", "fp32", _of(blocks, spoken), _of(by_leg, spoken))
    for precision in precisions:
        if precision != "fp32":
            yield row(precision, "fp32", _of(frames(precision, precision=precision), spoken), _of(by_leg, spoken))


def compare(mine: Frames, other: Frames, *, way: str, against: str, window: float, hop: float) -> Deviation:
    """Frames of the same windows, computed in two ways."""
    norms = np.linalg.norm(mine[0], axis=1) * np.linalg.norm(other[0], axis=1)
    # Rounding may put the cosine of what is equal a hair above 1.
    cosine = np.minimum((mine[0].astype(np.float64) * other[0]).sum(axis=1) / norms, 1.0)
    return Deviation(
        way=way,
        against=against,
        window=window,
        hop=hop,
        frames=len(cosine),
        cosine=float(cosine.mean()),
        least_cosine=float(cosine.min()),
        logits=float(np.abs(mine[1] - other[1]).max()),
        same_label=float((mine[1].argmax(axis=1) == other[1].argmax(axis=1)).mean()),
    )


def _of(frames: Frames, chosen: NDArray[np.bool_]) -> Frames:
    return frames[0][chosen], frames[1][chosen]


def _wanted(window: Window, frames: Frames) -> Frames:
    wanted = slice(window.first - window.start, window.stop - window.start)
    return frames[0][wanted], frames[1][wanted]
