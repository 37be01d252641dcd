"""Which events a sink is to have."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from monitor.config.sinks import SelectionSection
from monitor.messages import AlertMessage, EventMessage, RecordedMessage, UnknownMessage
from monitor.metadata import fits, text_of


class Selection:
    """A `SelectionSection` at work. Of a call it keeps whether its metadata fit, never the metadata."""

    def __init__(self, section: SelectionSection, metadata_of: Callable[[str], Mapping[str, Any]]) -> None:
        self._section = section
        self._wanted = {key: frozenset(map(text_of, values)) for key, values in section.metadata.items()}
        self._metadata_of = metadata_of
        self._fits = lru_cache(maxsize=4096)(self._fit)

    def wants(self, message: RecordedMessage) -> bool:
        """Whether an event is to be delivered. Raises `StoreError` where the metadata of its call cannot be read."""
        section = self._section
        if not isinstance(message, EventMessage | UnknownMessage) or (section.types and message.type not in section.types):
            return False
        if isinstance(message, AlertMessage) and not (
            _in(message.status, section.statuses)
            and _in(message.severity, section.severities)
            and _in(message.rule, section.rules)
        ):
            return False
        if message.leg is not None and not _in(message.leg, section.legs):
            return False
        return not self._wanted or self._fits(message.call)

    def _fit(self, call: str) -> bool:
        return fits(self._wanted, self._metadata_of(call))


def _in(value: str, chosen: tuple[str, ...]) -> bool:
    return not chosen or value in chosen
