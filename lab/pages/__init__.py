"""Pages by which a person judges what was heard: a call's timeline with its sound, and an index of calls. No network needed."""

from monitor.evaluation.pages.figures import call_figures
from monitor.evaluation.pages.folder import PageFolder
from monitor.evaluation.pages.truth import Truth

__all__ = ["PageFolder", "Truth", "call_figures"]
