"""The way of a window as an OpenTelemetry trace: arrival, wait, inference, store, and what was said because of it.

    window (from the arrival of its last sample until its frames are stored)
      wait        until the engine takes it
      inference   its batch
      store       from the frames until they are on the disk; an event for each that was journalled

Off by default, and then nothing is imported and each window costs a look at a None. Of all windows a share is followed
(`telemetry.sample`), the same for all legs. https://opentelemetry.io/docs/specs/otel/trace/api/
"""

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.config.sections import TelemetrySection
from monitor.errors import ConfigError
from monitor.events import Event, Leg
from monitor.extras import OTEL, need

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

SERVICE = "emotion-monitor"


@dataclass(slots=True, eq=False)
class WindowTrace:
    """One window that is followed. Each method is called once, in the order in which they stand, by whoever has the window."""

    _tracing: "Tracing"
    attributes: dict[str, Any]
    ready: float
    """Monotonic seconds."""
    _computed: tuple[float, float, int] = (0.0, 0.0, 0)
    said: list[Event] = field(default_factory=list)

    def computed(self, begun: float, done: float, batch: int) -> None:
        """The engine had it, in a batch of so many windows. In the engine's thread."""
        self._computed = (begun, done, batch)

    def stored(self, said: Iterable[Event]) -> None:
        """Its frames are on the disk, and what was said with them in the journal."""
        begun, done, batch = self._computed
        self._tracing.export(self, begun, done, batch, list(said))


class Tracing:
    """Makes traces. From any thread."""

    def __init__(self, provider: "TracerProvider", sample: float) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(SERVICE)
        self._every = max(1, round(1 / sample))
        self._numbers = itertools.count()

    def window(self, call: str, leg: Leg, first: int, frames: int) -> WindowTrace | None:
        """A window has come; None where it is not followed."""
        if next(self._numbers) % self._every:
            return None
        attributes = {"call": call, "leg": leg, "first_frame": first, "frames": frames}
        return WindowTrace(self, attributes, time.monotonic())

    def export(self, window: WindowTrace, begun: float, done: float, batch: int, said: Iterable[Event]) -> None:
        """Make its spans; the exporter sends them in its own thread."""
        from opentelemetry.trace import set_span_in_context

        now, wall = time.monotonic(), time.time_ns()

        def at(moment: float) -> int:
            return wall - round((now - moment) * 1e9)

        root = self._tracer.start_span("window", start_time=at(window.ready), attributes=window.attributes)
        within = set_span_in_context(root)
        self._tracer.start_span("wait", within, start_time=at(window.ready)).end(at(begun))
        inference = self._tracer.start_span("inference", within, start_time=at(begun), attributes={"batch": batch})
        inference.end(at(done))
        store = self._tracer.start_span("store", within, start_time=at(done))
        for event in said:
            store.add_event(event.type, {"time": event.time, "at": event.at}, timestamp=wall)
        store.end(wall)
        root.end(wall)

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


def open_tracing(settings: TelemetrySection) -> Tracing | None:
    """By the settings; None where it is off. Raises `ConfigError` where the extra is missing."""
    if settings.otlp_endpoint is None:
        return None
    need(OTEL, "telemetry.otlp_endpoint", ConfigError)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint)))
    return Tracing(provider, settings.sample)
