"""From the settings to a detector. A further one is its file, its options, a line in `DETECTORS`, and the conformance suite."""

from monitor.changes.base import Detector
from monitor.changes.options import DetectorOptions
from monitor.config.sections import ChangesSection
from monitor.errors import ConfigError


def open_detector(settings: ChangesSection) -> Detector:
    """A fresh detector for one leg. Raises `ConfigError` where another package's is none."""
    if not isinstance(settings, DetectorOptions):
        raise ConfigError(
            f"changes.detector: the options of {settings.detector!r} are no DetectorOptions: they must be a subclass of it"
        )
    detector = settings.open()
    if not isinstance(detector, Detector):
        raise ConfigError(f"changes.detector: what {settings.detector!r} opens is no Detector: it must be a subclass of it")
    return detector
