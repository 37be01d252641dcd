"""All sinks by their kind. A new one is one file here, a line in `monitor.config.sinks.SINKS`, and the conformance suite."""

from monitor.config.sinks import SINKS, SinkSection
from monitor.errors import ConfigError
from monitor.sinks.base import Sink


def open_sink(name: str, section: SinkSection) -> Sink:
    """The sink that a section of the settings describes. Raises `ConfigError`."""
    made = SINKS.load(section.kind, f"sinks.{name}.kind")
    try:
        sink = made(section.options)
    except ConfigError as error:
        raise ConfigError(f"sinks.{name}: {error}") from None
    if not isinstance(sink, Sink):
        raise ConfigError(f"sinks.{name}.kind: {section.kind!r} is no Sink: it must be a subclass of it")
    return sink
