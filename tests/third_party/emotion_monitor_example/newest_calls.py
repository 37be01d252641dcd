"""A store that keeps the newest calls alone, in memory."""

from pydantic import Field

from monitor.config.section import Section
from monitor.store.base import CallRecord
from monitor.store.memory import MemoryCallWriter, MemoryStore


class NewestCallsOptions(Section):
    """What stands under `store.options`."""

    calls: int = Field(default=100, ge=1)
    """Finished calls that are kept."""


class NewestCalls(MemoryStore):
    """Forgets the oldest finished calls when one begins."""

    Options = NewestCallsOptions
    place = "memory, the newest calls"

    def __init__(self, options: NewestCallsOptions) -> None:
        super().__init__()
        self._most = options.calls

    def create(self, record: CallRecord) -> MemoryCallWriter:
        """See `Store`."""
        over = [line.id for line in self.catalogue() if line.status != "live"]
        for call in over[self._most :]:
            self.delete(call)
        return super().create(record)
