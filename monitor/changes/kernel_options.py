"""Options of the kernel detector."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from monitor.changes.options import DetectorOptions
from monitor.config.section import Seconds
from monitor.timeline import TICK_RATE

if TYPE_CHECKING:
    from monitor.changes.base import Detector


class KernelOptions(DetectorOptions):
    """On embeddings, with ruptures."""

    detector: Literal["kernel"] = "kernel"
    dimensions: int = Field(default=24, ge=2, le=128)
    """Embeddings are reduced to this many by a projection fixed for the call."""
    min_segment: Seconds = Field(default=1.0, ge=0.2, le=30)
    """Speech needed on each side of a change."""
    confirm: Seconds = Field(default=1.5, ge=0.1, le=30)
    """Speech after a provisional change point by which it is confirmed or retracted."""

    @model_validator(mode="after")
    def _room_for_both_sides(self) -> Self:
        if self.buffer < 2 * self.min_segment:
            raise ValueError(f"buffer ({self.buffer}) must hold min_segment ({self.min_segment}) on each side of a change")
        return self

    def open(self) -> "Detector":
        """See `DetectorOptions`."""
        from monitor.changes.calibration import threshold
        from monitor.changes.kernel import KernelDetector
        from monitor.changes.procedure import Procedure

        procedure = Procedure(
            dimensions=self.dimensions,
            buffer=round(self.buffer * TICK_RATE),
            min_segment=round(self.min_segment * TICK_RATE),
            confirm=round(self.confirm * TICK_RATE),
        )
        return KernelDetector(procedure, threshold(procedure, self.false_alarms_per_hour))
