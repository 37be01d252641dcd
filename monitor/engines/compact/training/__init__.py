"""Training of the compact engine: labelled clips in, a weights file out."""

from monitor.engines.compact.training.loop import Recipe, train
from monitor.engines.compact.training.render import Progress

__all__ = ["Progress", "Recipe", "train"]
