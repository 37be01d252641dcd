"""The detectors by name. A further one is a file here, an entry in `DETECTORS`, and the conformance suite."""

from collections.abc import Callable

from monitor.changes.base import Detector
from monitor.changes.bayes import BayesDetector
from monitor.changes.calibration import threshold
from monitor.changes.kernel import KernelDetector
from monitor.changes.odds import log_odds
from monitor.changes.procedure import Procedure
from monitor.changes.segments import Model
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


def segment_model(settings: ChangesSection) -> Model:
    """What the Bayesian detector takes to be known of segments."""
    return Model(
        weight=min(1.0, 1.0 / (settings.correlation_time * TICK_RATE)),
        contrast=settings.contrast,
        hazard=1.0 / (settings.mean_duration * TICK_RATE),
        memory=round(settings.buffer * TICK_RATE),
    )


def _bayes(settings: ChangesSection) -> Detector:
    model = segment_model(settings)
    return BayesDetector(model, log_odds(model, settings.false_alarms_per_hour))


DETECTORS: dict[str, Callable[[ChangesSection], Detector]] = {"bayes": _bayes, "kernel": _kernel}


def open_detector(settings: ChangesSection) -> Detector:
    """A fresh detector for one leg. Raises `ConfigError` where there is none of that name."""
    try:
        build = DETECTORS[settings.detector]
    except KeyError:
        known = ", ".join(sorted(DETECTORS))
        raise ConfigError(f"changes.detector: no detector is called {settings.detector!r}; there are: {known}") from None
    return build(settings)
