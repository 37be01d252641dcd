"""What is known of a change-point detector before it is made: its options. Nothing heavy is imported here.

A detector of another package names its options in its `pyproject.toml`; `open` imports the rest:

    [project.entry-points."emotion_monitor.detectors"]
    cusum = "their_package.cusum_options:CusumOptions"
"""

from abc import abstractmethod
from typing import TYPE_CHECKING

from monitor.config.sections import ChangesSection

if TYPE_CHECKING:
    from monitor.changes.base import Detector


class DetectorOptions(ChangesSection):
    """The `changes` section for one detector. A subclass fixes `detector`, and adds the keys that this one alone takes."""

    @abstractmethod
    def open(self) -> "Detector":
        """A fresh detector for one leg."""
