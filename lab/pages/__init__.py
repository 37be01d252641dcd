"""Pages by which a person judges what was heard: a call's timeline with its sound, and an index of calls. No network needed."""

from lab.pages.document import figures_of
from lab.pages.folder import PageFolder

__all__ = ["PageFolder", "figures_of"]
