"""What is known of an engine before it is loaded: its options, and how it and its models are come by. Nothing heavy is here.

An engine of another package names its options in its `pyproject.toml`; `load` imports the rest:

    [project.entry-points."emotion_monitor.engines"]
    tone = "their_package.tone_options:ToneOptions"
"""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from monitor.config.sections import EngineSection

if TYPE_CHECKING:
    from monitor.engines.base import Engine
    from monitor.engines.catalogue import Models


class EngineOptions(EngineSection):
    """The `engine` section for one engine. A subclass fixes `name`, and adds the keys that this engine alone takes."""

    one_core: ClassVar[bool] = False
    """Whether the engine takes one core unless `threads` says otherwise, so that one in each of many processes uses all."""

    @abstractmethod
    def load(self) -> "Engine":
        """The engine by these options, its weights loaded. Raises `EngineError` with the reason and the remedy."""

    def models(self) -> "Models":
        """The models that the engine can be loaded with, for the command line; by default there is one, in its package."""
        from monitor.engines.catalogue import Models

        return Models(self)
