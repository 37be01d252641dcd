"""The detectors by name. A further one is a file here, an entry in `DETECTORS`, and the conformance suite."""

from collections.abc import Callable

from monitor.changes.base import Detector
from monitor.changes.calibration import threshold
from monitor.changes.kernel import KernelDetector
from monitor.changes.procedure import Procedure
from monitor.config.sections import ChangesSection
from monitor.errors import ConfigError
from monitor.timeline import TICK_RATE


def _kernel(settings: ChangesSection) -> Detector:
    procedure = Procedure(
        dimensions=settings.dimensions,
        buffer=round(settings.buffer * TICK_RATE),
        min_segment=round(settings.min_segment * TICK_RATE),
        confirm=round(settings.confirm * TICK_RATE),
    )
    return KernelDetector(procedure, threshold(procedure, settings.false_alarms_per_hour))


DETECTORS: dict[str, Callable[[ChangesSection], Detector]] = {"kernel": _kernel}


def open_detector(settings: ChangesSection) -> Detector:
    """A fresh detector for one leg. Raises `ConfigError` where there is none of that name."""
    try:
        build = DETECTORS[settings.detector]
    except KeyError:
        known = ", ".join(sorted(DETECTORS))
        raise ConfigError(f"changes.detector: no detector is called {settings.detector!r}; there are: {known}") from None
    return build(settings)
