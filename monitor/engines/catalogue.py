"""Models to choose from: which there are, whether one is whole and works here, and how to get one. For the command line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from monitor.config.sections import EngineSection
from monitor.engines.base import Engine, Window
from monitor.engines.emotion2vec.cache import find_cached
from monitor.engines.emotion2vec.hub import fetch, remedy
from monitor.engines.emotion2vec.models import DEFAULT, KNOWN, PREPARED, REQUIRED, HubId, KnownModel, resolve
from monitor.engines.registry import load_engine
from monitor.errors import EngineError
from monitor.extras import EMOTION2VEC, need
from monitor.output_file import check_file
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE, frames_for

if TYPE_CHECKING:
    from monitor.engines.emotion2vec.prove import Deviation

COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that the settings can name."""

    engine: str
    """`engine.name`."""
    model: str | None
    """`engine.model`; None where the engine needs none."""
    id: str
    """On ModelScope; for compact the name of the weights in the package."""
    dim: int
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


def list_models() -> list[ListedModel]:
    """The known models, the embedded default first. Reads the hub caches, loads compact alone and asks no hub."""
    info = load_engine(EngineSection(name="compact")).info
    compact = ListedModel(COMPACT, None, info.model, info.dim, None, info.licence, Path(__file__).with_name(COMPACT))
    return [compact, *(_listed(known) for known in KNOWN)]


def _listed(known: KnownModel) -> ListedModel:
    folder = problem = None
    try:
        folder = find_cached(HubId(known.modelscope, known.huggingface, known))
    except EngineError as error:
        problem = str(error)
    about = (known.short, known.modelscope, known.dim, known.parameters, known.licence)
    return ListedModel("emotion2vec", *about, folder, problem)


def pull_model(model: str | None, to: Path | None = None, timeout: float = 5.0) -> Path:
    """Fetch a model from a hub into the folder `to`, or into the hub's cache; return its folder.

    `model` is a hub id or a short name. Raises `EngineError` where no hub has it or can be reached within `timeout` seconds.
    """
    need(EMOTION2VEC, "fetching a model", EngineError)
    what = resolve(model)
    if isinstance(what, Path):
        raise EngineError(f"{model} is a folder on this machine; name a model of a hub, such as {KNOWN[0].short}")
    if to is not None and to.exists() and not to.is_dir():
        raise EngineError(f"{to} is a file; name a folder to put the model in")
    return fetch(what, to, timeout)


def prepare_model(model: str | None, to: Path | None = None, timeout: float = 5.0) -> tuple[Path, "Deviation"]:
    """Write a model as one file that starts in seconds, and prove the file against FunASR's own network.

    `model` is a folder, hub id or short name; `to` the file, by default in the current directory under the model's name.
    Raises `EngineError` where the model cannot be had or read, or the file gives other frames than FunASR; it is removed then.
    """
    need(EMOTION2VEC, "preparing a model", EngineError)
    from monitor.engines.emotion2vec.load import load_model
    from monitor.engines.emotion2vec.prove import prepare  # imports torch, which listing and pulling do not need

    what = resolve(model)
    path = to or Path(str(what).rpartition("/")[2] + PREPARED)
    if path.suffix != PREPARED:
        raise EngineError(f"{path}: a prepared model is a file whose name ends in {PREPARED}")
    check_file(path, "--to")
    return path, prepare(load_model(model, timeout), path)


def check_model(model: str | None = None, device: str = "auto") -> list[CheckRow]:
    """Look at every part of a model on this machine, in order, up to the first that is wrong; at the end, run it on noise.

    `model` is `compact`, or a folder, hub id or short name of emotion2vec. Fetches nothing. Raises `EngineError` where the
    packages that emotion2vec needs are not installed.
    """
    if model != COMPACT:
        need(EMOTION2VEC, f"checking {model or DEFAULT.short}", EngineError)
    rows: list[CheckRow] = []
    for what, look in _compact_steps(device) if model == COMPACT else _emotion2vec_steps(model, device):
        try:
            rows.append(CheckRow(what, True, look()))
        except EngineError as error:
            return [*rows, CheckRow(what, False, str(error))]
    return rows


_Steps = Iterator[tuple[str, Callable[[], str]]]
"""Each is looked at before the next is made, so that a step may rely on those before it."""


def _compact_steps(device: str) -> _Steps:
    yield "inference", partial(_inference, EngineSection(name="compact", device=device))


def _emotion2vec_steps(model: str | None, device: str) -> _Steps:
    from monitor.engines.emotion2vec import folder as files  # imports torch, which listing and pulling do not need

    yield "folder", lambda: str(_folder(model))
    folder = _folder(model)
    if folder.is_file():
        yield "prepared", partial(_prepared, folder)
        yield "inference", partial(_inference, EngineSection(name="emotion2vec", model=str(folder), device=device, gate=0))
        return
    for name in REQUIRED:
        yield name, partial(_size, folder / name)
    yield "architecture", lambda: f"Emotion2vec, embeddings of {files.read_config(folder)['embed_dim']}"
    yield "labels", lambda: ", ".join(files.read_tokens(folder)[1].names)
    yield "weights", lambda: f"{len(files.read_weights(folder))} tensors, version {files.read_version(folder)}"
    yield "inference", partial(_inference, EngineSection(name="emotion2vec", model=str(folder), device=device, gate=0))


def _folder(model: str | None) -> Path:
    what = resolve(model)
    if isinstance(what, Path):
        return what
    folder = find_cached(what)
    if folder is None:
        raise EngineError(f"{what} is not on this machine. {remedy(what)}")
    return folder


def _prepared(file: Path) -> str:
    from monitor.engines.emotion2vec.model import checked_architecture
    from monitor.engines.emotion2vec.prepared import read_prepared

    model = read_prepared(file)
    dim = checked_architecture(model).dim
    return f"{len(model.weights)} tensors, version {model.version}, embeddings of {dim}, labels {', '.join(model.labels.names)}"


def _size(file: Path) -> str:
    if not file.is_file():
        raise EngineError(f"{file} is missing; copy it there, or pull the model again")
    return f"{file.stat().st_size:,} bytes"


def _inference(settings: EngineSection) -> str:
    engine = load_engine(settings)
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
