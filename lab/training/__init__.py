"""Training of the compact engine: labelled clips in, a weights file out."""

from monitor.engines.compact.training.loop import train
from monitor.engines.compact.training.recipe import Precision, Recipe, native_precision
from monitor.engines.compact.training.render import Progress

__all__ = ["Precision", "Progress", "Recipe", "native_precision", "train"]
