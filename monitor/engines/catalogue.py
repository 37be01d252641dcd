"""Models to choose from: which there are, whether one is whole and works here, and how to get one. For the command line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np

from monitor.config.sections import ENGINES
from monitor.engines.base import Engine, Window
from monitor.engines.options import EngineOptions
from monitor.engines.registry import engine_options, load_engine
from monitor.errors import EngineError, MonitorError
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE, frames_for


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that the settings can name."""

    engine: str
    """`engine.name`."""
    model: str | None
    """`engine.model`; None where the engine needs none."""
    id: str
    """On a hub; of an engine with its weights in its package their name."""
    dim: int | None
    """Width of an embedding."""
    parameters: int | None
    """None where the package does not say."""
    licence: str
    folder: Path | None
    """Where its files are on this machine; None where they are not."""
    problem: str | None = None
    """Why that cannot be told."""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One thing that was looked at."""

    what: str
    ok: bool
    found: str
    """What is there; where it is not ok, what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far a prepared model's frames are from those of its makers' own network."""

    frames: int
    """Compared."""
    embedding: float
    """Largest difference of an element."""
    logits: float


Steps = Iterator[tuple[str, Callable[[], str]]]
"""Each is looked at before the next is made, so that a step may rely on those before it."""


class Models:
    """The models of one engine. As it stands here: one, in the engine's package, or a file that the options name."""

    def __init__(self, options: EngineOptions) -> None:
        """`options` say which model is meant, and where it is to be run."""
        self.options = options

    def listed(self) -> list[ListedModel]:
        """Those that are known. Asks no hub."""
        try:
            info = load_engine(self.options).info
        except MonitorError as error:
            return [ListedModel(self.options.name, None, "", None, None, "", None, str(error))]
        spec = find_spec(type(self.options).__module__)
        folder = Path(spec.origin).parent if spec is not None and spec.origin else None
        return [ListedModel(info.name, None, info.model, info.dim, None, info.licence, folder)]

    def steps(self) -> Steps:
        """What there is to look at, up to a test inference. Fetches nothing."""
        yield "inference", lambda: inference(self.options)

    def pull(self, to: Path | None = None) -> Path:
        """Fetch the model from a hub into the folder `to`, or into the hub's cache; its folder. Raises `EngineError`."""
        del to
        raise EngineError(f"the engine {self.options.name} has no models to fetch: it comes with its own")

    def prepare(self, to: Path | None = None) -> tuple[Path, Deviation]:
        """Write the model as one file that starts in seconds, and prove the file; it is removed where that fails.

        `to` is the file, by default in the current directory under the model's name. Raises `EngineError`.
        """
        del to
        raise EngineError(f"models of the engine {self.options.name} need no preparing: they are used as they are")


def models_of(engine: str, model: str | None = None, device: str = "auto") -> Models:
    """The models of an engine, `model` among them. Raises `ConfigError` where there is no such engine."""
    options = ENGINES.registry.load(engine, "--engine")
    return engine_options(options(name=engine, model=model, device=device)).models()


def list_models() -> list[ListedModel]:
    """The known models of all engines, each engine's default first. Reads the hub caches and asks no hub."""
    return [model for engine in ENGINES.names() for model in models_of(engine).listed()]


def check_model(models: Models) -> list[CheckRow]:
    """Look at every part of a model on this machine, in order, up to the first that is wrong; at the end, run it on noise.

    Fetches nothing. Raises `EngineError` where packages that the engine needs are not installed.
    """
    rows: list[CheckRow] = []
    for what, look in models.steps():
        try:
            rows.append(CheckRow(what, True, look()))
        except EngineError as error:
            return [*rows, CheckRow(what, False, str(error))]
    return rows


def inference(options: EngineOptions) -> str:
    """Load the engine and hear a window of noise; how long that took. Raises `EngineError`."""
    engine = load_engine(options)
    try:
        return _noise(engine)
    finally:
        engine.close()


def _noise(engine: Engine) -> str:
    frames = frames_for(engine.info.window)
    noise = np.random.default_rng(0).normal(0, 0.1, frames * FRAME_SAMPLES).astype(np.float32)
    engine.warm_up()
    began = perf_counter()
    result = engine.infer([Window(engine.open_leg(), 0, noise, 0, frames, final=True)])[0]
    took = perf_counter() - began
    if not (np.isfinite(result.embedding).all() and np.isfinite(result.logits).all()):
        raise EngineError("noise gives frames that are not finite: the weights are damaged; pull the model again")
    seconds = len(noise) / SAMPLE_RATE
    return f"{frames} frames of {engine.info.dim} from {seconds:g} s of noise in {took:.3f} s on {engine.info.device}"
