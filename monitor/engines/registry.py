"""From the settings to an engine. Its folder, and all that it imports, is loaded only when it is asked for."""

from monitor.config.sections import EngineSection
from monitor.engines.base import Engine
from monitor.engines.options import EngineOptions
from monitor.errors import ConfigError


def load_engine(settings: EngineSection) -> Engine:
    """The engine that the settings name, its weights loaded.

    Raises `EngineError` where the weights cannot be found or are not what they should be, or the extra that the engine needs is
    not installed; `ConfigError` where another package's is no engine.
    """
    engine = engine_options(settings).load()
    if not isinstance(engine, Engine):
        raise ConfigError(f"engine.name: what {settings.name!r} loads is no Engine: it must be a subclass of it")
    return engine


def engine_options(settings: EngineSection) -> EngineOptions:
    """What validated settings are. Raises `ConfigError` where another package's are something else."""
    if not isinstance(settings, EngineOptions):
        raise ConfigError(f"engine.name: the options of {settings.name!r} are no EngineOptions: they must be a subclass of it")
    return settings
