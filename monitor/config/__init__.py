"""One settings model: defaults < YAML < environment < flags. Unknown keys are errors."""

from monitor.config.load import load_settings
from monitor.config.sections import Settings

__all__ = ["Settings", "load_settings"]
