"""Options of the Bayesian detector."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from monitor.changes.options import DetectorOptions
from monitor.config.section import Seconds
from monitor.timeline import TICK_RATE

if TYPE_CHECKING:
    from monitor.changes.base import Detector
    from monitor.changes.segments import Model


class BayesOptions(DetectorOptions):
    """On logits: what is taken to be known of the segments of a call."""

    detector: Literal["bayes"] = "bayes"
    correlation_time: Seconds = Field(default=4.0, ge=0.1, le=30)
    """Seconds of speech that count as one independent observation."""
    mean_duration: Seconds = Field(default=100.0, ge=1, le=3600)
    """Seconds of a call from one change to the next, on average."""
    contrast: float = Field(default=4.0, gt=0, le=100)
    """Variance between segments, in units of that within one."""

    def open(self) -> "Detector":
        """See `DetectorOptions`."""
        from monitor.changes.bayes import BayesDetector
        from monitor.changes.odds import log_odds

        model = self.segment_model()
        return BayesDetector(model, log_odds(model, self.false_alarms_per_hour))

    def segment_model(self) -> "Model":
        """In the detector's own units, ticks."""
        from monitor.changes.segments import Model

        return Model(
            weight=min(1.0, 1.0 / (self.correlation_time * TICK_RATE)),
            contrast=self.contrast,
            hazard=1.0 / (self.mean_duration * TICK_RATE),
            memory=round(self.buffer * TICK_RATE),
        )
