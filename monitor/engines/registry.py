"""The engines there are, loaded by name. An engine's folder, and all that it imports, is loaded only when it is asked for."""

from collections.abc import Mapping
from importlib import import_module

from monitor.config.sections import EngineSection
from monitor.engines.base import Engine
from monitor.errors import ConfigError, EngineError
from monitor.extras import EXTRAS, need

ENGINES: Mapping[str, str] = {
    "compact": "monitor.engines.compact.engine:CompactEngine",
    "emotion2vec": "monitor.engines.emotion2vec.engine:Emotion2vecEngine",
}
"""Name in the settings -> `module:class`; the class takes the `EngineSection`."""


def load_engine(settings: EngineSection) -> Engine:
    """The engine that the settings name, its weights loaded.

    Raises `EngineError` where the weights cannot be found or are not what they should be,
    or the extra that the engine needs is not installed.
    """
    if settings.name not in ENGINES:
        raise ConfigError(f"engine.name: there is no engine {settings.name!r}; there are {', '.join(sorted(ENGINES))}")
    if settings.name in EXTRAS:
        need(settings.name, f"the engine {settings.name}", EngineError)
    module, _, factory = ENGINES[settings.name].partition(":")
    engine: Engine = getattr(import_module(module), factory)(settings)
    return engine
