"""What the monitor says of itself: for metrics, for health and for operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.pipeline.descriptors import Descriptors
from monitor.pipeline.inference_status import InferenceStatus


@dataclass(frozen=True, slots=True)
class MonitorStatus:
    """A look at the whole."""

    engine: Mapping[str, str]
    """`name`, `model`, `version`, `licence` (of the weights), `device` and `precision` of the engine."""
    window: Mapping[str, float]
    """`window`, `hop` and `lookahead` in seconds."""
    calls: int
    """In progress."""
    legs: int
    """Of those calls."""
    inference: InferenceStatus
    open_alerts: int
    store_errors: Mapping[str, str]
    """Calls whose frames the store refuses, and why."""
    journal_seq: int
    """Of the newest event."""
    descriptors: Descriptors
    """Of this process."""
    room: bool
    """Whether there are descriptors for a further call, where it would be heard."""
    rounds_stopped: Sequence[str]
    """Processes that hear calls no longer, because of a defect: `this process`, `worker 2`."""
    closing: bool
    """No new call is taken."""
    workers: int = 0
    """Processes beside this one that hear calls."""
    workers_died: int = 0
    """Those that ended by themselves, since the start."""
