"""Pages by which a person judges what was heard: a call's timeline with its sound, and an index of calls. No network needed."""

from lab.pages.document import figures_of
from lab.pages.folder import PageFolder
from lab.pages.html import Renderer

__all__ = ["PageFolder", "Renderer", "figures_of"]
