"""Training of the compact engine: labelled clips in, a weights file out."""

from lab.training.loop import train
from lab.training.recipe import Precision, Recipe, native_precision
from lab.training.render import Progress

__all__ = ["Precision", "Progress", "Recipe", "native_precision", "train"]
