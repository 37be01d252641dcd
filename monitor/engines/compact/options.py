"""Options of the compact engine: it takes none of its own."""

from typing import TYPE_CHECKING, Literal

from monitor.engines.options import EngineOptions

if TYPE_CHECKING:
    from monitor.engines.base import Engine


class CompactOptions(EngineOptions):
    """`model` is a file of weights; None takes those that ship."""

    name: Literal["compact"] = "compact"

    def load(self) -> "Engine":
        """See `EngineOptions`."""
        from monitor.engines.compact.engine import CompactEngine

        return CompactEngine(self)
