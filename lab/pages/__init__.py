"""Pages by which a person judges what was heard: a call's timeline with its sound, and an index of calls. No network needed."""

from lab.pages.figures import call_figures
from lab.pages.folder import PageFolder
from lab.pages.truth import Truth

__all__ = ["PageFolder", "Truth", "call_figures"]
