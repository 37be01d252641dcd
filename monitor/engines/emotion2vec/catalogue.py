"""Models of emotion2vec: listed, checked step by step, fetched from their hubs, prepared. Nothing heavy until it is needed."""

from functools import partial
from pathlib import Path

from monitor.engines.catalogue import Deviation, ListedModel, Models, Steps, inference
from monitor.engines.emotion2vec.cache import find_cached
from monitor.engines.emotion2vec.hub import fetch, remedy
from monitor.engines.emotion2vec.models import DEFAULT, KNOWN, PREPARED, REQUIRED, HubId, KnownModel, resolve
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.errors import EngineError
from monitor.extras import EMOTION2VEC, need
from monitor.output_file import check_file


class Emotion2vecModels(Models):
    """Those of FunASR's makers, and any folder or hub's model like them."""

    def __init__(self, options: Emotion2vecOptions) -> None:
        """See `Models`."""
        super().__init__(options)
        self._options = options

    def listed(self) -> list[ListedModel]:
        """See `Models`."""
        return [_listed(known) for known in KNOWN]

    def pull(self, to: Path | None = None) -> Path:
        """See `Models`. Raises `EngineError` where no hub has the model or can be reached within `hub_timeout` seconds."""
        need(EMOTION2VEC, "fetching a model", EngineError)
        what = resolve(self._options.model)
        if isinstance(what, Path):
            raise EngineError(
                f"{self._options.model} is a folder on this machine; name a model of a hub, such as {KNOWN[0].short}"
            )
        if to is not None and to.exists() and not to.is_dir():
            raise EngineError(f"{to} is a file; name a folder to put the model in")
        return fetch(what, to, self._options.hub_timeout)

    def prepare(self, to: Path | None = None) -> tuple[Path, Deviation]:
        """See `Models`."""
        need(EMOTION2VEC, "preparing a model", EngineError)
        from monitor.engines.emotion2vec.load import load_model
        from monitor.engines.emotion2vec.prove import prepare  # imports torch, which listing and pulling do not need

        what = resolve(self._options.model)
        path = to or Path(str(what).rpartition("/")[2] + PREPARED)
        if path.suffix != PREPARED:
            raise EngineError(f"{path}: a prepared model is a file whose name ends in {PREPARED}")
        check_file(path, "--to")
        return path, prepare(load_model(self._options.model, self._options.hub_timeout), path)

    def steps(self) -> Steps:
        """See `Models`."""
        model = self._options.model
        need(EMOTION2VEC, f"checking {model or DEFAULT.short}", EngineError)
        from monitor.engines.emotion2vec import folder as files  # imports torch, which listing and pulling do not need

        yield "folder", lambda: str(_folder(model))
        folder = _folder(model)
        hear = partial(inference, self._options.model_copy(update={"model": str(folder), "gate": 0.0}))
        if folder.is_file():
            yield "prepared", partial(_prepared, folder)
            yield "inference", hear
            return
        for name in REQUIRED:
            yield name, partial(_size, folder / name)
        yield "architecture", lambda: f"Emotion2vec, embeddings of {files.read_config(folder)['embed_dim']}"
        yield "labels", lambda: ", ".join(files.read_tokens(folder)[1].names)
        yield "weights", lambda: f"{len(files.read_weights(folder))} tensors, version {files.read_version(folder)}"
        yield "inference", hear


def _listed(known: KnownModel) -> ListedModel:
    folder = problem = None
    try:
        folder = find_cached(HubId(known.modelscope, known.huggingface, known))
    except EngineError as error:
        problem = str(error)
    about = (known.short, known.modelscope, known.dim, known.parameters, known.licence)
    return ListedModel("emotion2vec", *about, folder, problem)


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
