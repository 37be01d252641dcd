"""From what `engine.model` names to a model: a prepared file, a folder, or a hub's model, which is fetched if need be."""

from pathlib import Path

from monitor.engines.emotion2vec.model import Model
from monitor.engines.emotion2vec.models import HubId, resolve
from monitor.engines.emotion2vec.prepared import read_prepared


def load_model(name: str | None, timeout: float) -> Model:
    """Read the model; `name` as in `resolve`, `timeout` in seconds for the hub's first answer.

    Raises `EngineError` with the reason and the remedy. What only folders and hubs need is imported only for them.
    """
    what = resolve(name)
    if isinstance(what, Path) and what.is_file():
        return read_prepared(what)
    from monitor.engines.emotion2vec.folder import read_folder
    from monitor.engines.emotion2vec.hub import locate

    licence = what.known.licence if isinstance(what, HubId) and what.known else ""
    return read_folder(locate(name, timeout), licence)
