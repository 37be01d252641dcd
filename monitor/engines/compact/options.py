"""Options of the compact engine: it takes none of its own."""

from typing import TYPE_CHECKING, ClassVar, Literal

from monitor.engines.options import EngineOptions

if TYPE_CHECKING:
    from monitor.engines.base import Engine
    from monitor.engines.catalogue import Models


class CompactOptions(EngineOptions):
    """`model` is `open` or `research`, which ship, or a file of weights; None takes `shipped.DEFAULT`."""

    name: Literal["compact"] = "compact"
    one_core: ClassVar[bool] = True
    calibrated: ClassVar[bool] = True

    def load(self) -> "Engine":
        """See `EngineOptions`."""
        from monitor.engines.compact.engine import CompactEngine

        return CompactEngine(self)

    def models(self) -> "Models":
        """See `EngineOptions`."""
        from monitor.engines.compact.catalogue import CompactModels

        return CompactModels(self)
