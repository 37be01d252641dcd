"""What an engine is: windows of many legs in, frames of each out.

Every engine passes the suite of its family (`monitor/conformance/`). A *windowed* engine (emotion2vec) computes each window
afresh from its samples: `windowed_engines.py`. A *streaming* engine (compact) remembers what it needs of a leg's past, so that
its windows may be short: `streaming_engines.py`; its windows come in order, each once.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import Samples
from monitor.errors import EngineError


class WindowError(EngineError):
    """One window cannot be computed (wrong dtype, NaN, too short). The other windows of a batch are not at fault."""

    def __init__(self, message: str, window: int | None = None) -> None:
        """`window`: its index in the batch, where it is known."""
        super().__init__(message if window is None else f"window {window}: {message}")
        self.window = window


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What there is to know of a loaded engine; stored with every call."""

    name: str
    """`emotion2vec` or `compact`."""
    model: str
    """Hub id, directory or version name of the weights."""
    version: str
    """A hash of the weights, so that frames can be traced to them."""
    labels: tuple[str, ...]
    """English class names, in the order of the logits; from the model."""
    dim: int
    """Width of an embedding."""
    window: float
    """Seconds of audio a window spans at most, by default."""
    hop: float
    """Seconds between windows, by default."""
    lookahead: float
    """Seconds of right context a frame waits for, by default."""
    device: str = "cpu"
    precision: str = "fp32"
    """Of the matrix products."""
    licence: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of a leg's audio, and the frames wanted from it. Plain data: it may be sent to another process."""

    leg_id: int
    """Of its leg, from `Engine.open_leg`. What is remembered of the leg stays with the engine."""
    start: int
    """Frame index of `samples[0]` on the leg's timeline."""
    samples: Samples
    """Shape (k * 320,), float32."""
    first: int
    """First frame wanted, absolute."""
    stop: int
    """One past the last frame wanted. Samples beyond it are right context: the lookahead, or less at the end of a call."""
    final: bool = False
    """No window of this leg follows."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowFrames:
    """What an engine says of one window: n = stop - first frames."""

    embedding: NDArray[np.float32]
    """Shape (n, D)."""
    logits: NDArray[np.float32]
    """Shape (n, C). Their mean over an utterance is the utterance's logits."""
    speech: NDArray[np.float32]
    """Shape (n,), probability of speech."""


class Engine(ABC):
    """A loaded model, and what it remembers of each open leg (`legs.py` keeps that). One thread at a time calls `infer`."""

    info: EngineInfo

    @abstractmethod
    def open_leg(self) -> int:
        """The id of a leg that begins, of which nothing is known: its windows carry it. From any thread."""

    @abstractmethod
    def close_leg(self, leg_id: int) -> None:
        """Forget a leg: further windows of it are refused. From any thread, but while none of its windows is computed.

        Nothing happens where the leg is closed already.
        """

    @abstractmethod
    def infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        """Frames of each window, in the order given.

        The result for a window does not depend on the others in the batch (within 1e-5). At most one window a leg.
        Raises `WindowError` where one window is bad, before anything remembered of a leg has changed. Whatever else it raises,
        it leaves the legs so that the same windows can be offered again: the caller halves the batch until the one at fault is
        alone. A GPU's or Python's out-of-memory error is raised as it is, so that smaller batches are made from then on.
        Windows of a leg may leave frames out (overload) and may be of several hops (`pipeline/joining.py`).
        """

    def warm_up(self) -> None:  # noqa: B027 - optional
        """Do what would make the first window slow."""

    def close(self) -> None:  # noqa: B027 - optional
        """Free memory and threads."""


def check_window(window: Window, index: int | None = None) -> None:
    """Raise `WindowError` where a window breaks the interface: every engine calls this first.

    `index`: its place in the batch.
    """
    samples = window.samples
    if samples.dtype != np.float32 or samples.ndim != 1:
        raise WindowError(f"a window must be one-dimensional float32, got {samples.ndim}-d {samples.dtype}", index)
    if len(samples) == 0 or len(samples) % 320:
        raise WindowError(f"a window must hold a positive multiple of 320 samples, got {len(samples)}", index)
    if not window.start <= window.first < window.stop <= window.start + len(samples) // 320:
        raise WindowError(
            f"frames [{window.first}, {window.stop}) are not inside the window, which starts at frame {window.start} "
            f"and holds {len(samples) // 320}",
            index,
        )
    if not np.isfinite(samples).all():
        raise WindowError(f"{int((~np.isfinite(samples)).sum())} samples of the window are not finite", index)
