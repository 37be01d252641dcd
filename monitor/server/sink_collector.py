"""The figures of the alert sinks as Prometheus metrics."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.sinks.following import Sinks

_COUNTS = {
    "delivered": "Events delivered.",
    "failed": "Attempts to deliver that failed.",
    "retried": "Attempts to deliver after the first of an event.",
    "dead_lettered": "Events given up.",
}


class SinkCollector(Collector):
    """Reads the figures when it is scraped."""

    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks

    def describe(self) -> list[Metric]:
        """Nothing: so that registering does not scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics at this moment, a series a sink."""
        for key, text in _COUNTS.items():
            family = CounterMetricFamily(f"emotion_monitor_sink_{key}", text, labels=["sink"])
            for follower in self._sinks.followers:
                family.add_metric([follower.name], getattr(follower.counts, key))
            yield family
        lag = GaugeMetricFamily("emotion_monitor_sink_lag_events", "Events of the journal not yet settled.", labels=["sink"])
        for follower in self._sinks.followers:
            lag.add_metric([follower.name], follower.lag)
        yield lag
