"""The program's figures as Prometheus metrics, all named `emotion_monitor_...`."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor import __version__
from monitor.events import Leg
from monitor.messages import EVENT_TYPES, CallEndedMessage, RecordedMessage
from monitor.pipeline.inference_status import InferenceStatus
from monitor.pipeline.monitor import Monitor
from monitor.server.hub import Hub

SEVERITIES = ("info", "warning", "critical")
PACKET_COUNTS = ("packets", "lost", "reordered", "duplicates", "late", "malformed", "foreign", "refused")
"""Counts of a leg's report that are summed over all calls."""

_PREFIX = "emotion_monitor"
_Key = tuple[str, str, str]
"""Leg (customer, agent or mixed), codec, and what is counted."""


class MonitorCollector(Collector):
    """Reads the figures when it is scraped; counts of calls that are over are added up as they end."""

    def __init__(self, monitor: Monitor, hub: Hub) -> None:
        self._monitor = monitor
        self._hub = hub
        self._lock = threading.Lock()
        self._scraping = threading.Lock()
        """Held from the look at live calls until they are counted: what ends in between is kept in `_over`."""
        self._events: Counter[str] = Counter(dict.fromkeys(EVENT_TYPES, 0))
        self._ended: Counter[_Key] = Counter()
        self._live: dict[str, Counter[_Key]] = {}
        """By call, as it was at the last scrape, until its end is journalled: no count may ever fall."""
        self._over: set[str] = set()
        """Calls whose end was counted, and which the monitor has not let go of yet."""

    def take(self, message: RecordedMessage) -> None:
        """Count an event of the journal. From any thread."""
        ended = isinstance(message, CallEndedMessage)
        there = {call.id for call in self._monitor.calls()} if ended else set()
        with self._lock:
            self._events[message.type] += 1
            if isinstance(message, CallEndedMessage):
                if not self._scraping.locked():
                    self._over &= there  # nobody may ever scrape
                self._ended.update(_by_leg(message.legs))
                self._live.pop(message.call, None)
                self._over.add(message.call)

    def describe(self) -> list[Metric]:
        """Nothing: so that registering does not scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics at this moment."""
        status = self._monitor.status()
        with self._scraping:
            live = {call.id: _by_leg(call.reports()) for call in self._monitor.calls()}
            with self._lock:
                events, totals = Counter(self._events), Counter(self._ended)
                self._over &= live.keys()
                self._live.update((call, counts) for call, counts in live.items() if call not in self._over)
                for counts in self._live.values():
                    totals.update(counts)
        engine = {key: str(value) for key, value in status.engine.items()}
        yield _info({"version": __version__, **{f"engine_{key}": value for key, value in engine.items()}})
        yield _gauge("calls_live", "Calls in progress.", status.calls)
        yield _gauge("calls_limit", "Calls that may be in progress: server.max_calls.", self._monitor.settings.server.max_calls)
        yield _gauge("legs_live", "Legs of calls in progress.", status.legs)
        yield _gauge("workers", "Processes beside the service that hear calls.", status.workers)
        yield _counter("workers_died", "Workers that ended by themselves; their calls were interrupted.", status.workers_died)
        yield from _inference(status.inference)
        yield _skipped(status.inference.frames_skipped, totals)
        yield from _legs(totals)
        yield _labelled(CounterMetricFamily, "events", "Events recorded in the journal.", "type", events)
        yield _labelled(GaugeMetricFamily, "alerts_open", "Alerts raised and not cleared.", "severity", self._open_alerts())
        yield _gauge("descriptors_open", "File descriptors in use.", status.descriptors.open)
        yield _gauge("descriptors_limit", "File descriptors that this process may have.", status.descriptors.limit)
        yield _gauge("journal_sequence", "Sequence number of the newest event.", status.journal_seq)
        yield _gauge("store_errors", "Live calls whose frames the store refuses.", len(status.store_errors))
        yield _gauge(
            "store_takes_calls", "1 where the store can be written, 0 where it refuses.", self._monitor.store.takes_calls()
        )
        yield _gauge(
            "journal_takes_events",
            "1 where the journal can be written, 0 where it refuses.",
            self._monitor.journal.takes_events(),
        )
        yield from self._websockets()

    def _open_alerts(self) -> Mapping[str, float]:
        severities = [alert["severity"] for alert in self._monitor.alerts()]
        return {severity: severities.count(severity) for severity in SEVERITIES}

    def _websockets(self) -> Iterator[Metric]:
        counts = self._hub.counts
        yield _gauge("websocket_clients", "Websocket clients connected.", len(self._hub.clients))
        yield _counter("websocket_messages_sent", "Messages sent to websocket clients.", counts.sent)
        yield _counter("websocket_clients_lagged", "Times that a client fell behind.", counts.lagged)
        yield _counter("websocket_messages_dropped", "Passing messages left out for slow clients.", counts.dropped)


def _inference(status: InferenceStatus) -> Iterator[Metric]:
    yield _gauge("inference_queue_windows", "Windows waiting for the engine.", status.queued)
    yield _gauge("inference_queue_legs", "Legs with windows waiting for the engine.", status.legs_waiting)
    yield _counter("inference_windows", "Windows computed.", status.windows)
    yield _counter("inference_windows_failed", "Windows that the engine could not compute.", status.failed)
    yield _counter("inference_windows_given_up", "Windows not computed because of overload.", status.given_up)
    yield _counter("inference_windows_late", "Live windows computed later than engine.latency.", status.late)
    yield _counter("inference_batches", "Batches computed.", status.batches)
    yield _gauge("inference_batch_size", "Windows a batch, mean of the last 100.", status.batch_size)
    yield _gauge("inference_batch_limit", "Windows that a batch may have at present.", status.batch_limit)
    text = "Hops that a live window was joined of, mean of the last 1000; 1 without overload."
    yield _gauge("inference_hop_factor", text, status.hop_factor)
    yield _counter("inference_frames", "Frames that the engine gave.", status.frames)
    yield _counter("inference_busy_seconds", "Seconds spent in the engine.", status.busy_seconds)
    yield _gauge("inference_failing", "1 where the last windows have all failed.", status.failing)
    latency = {"0.5": status.latency_p50, "0.95": status.latency_p95}
    text = "Seconds from a live window's arrival to its result, over the last 1000 windows."
    yield _labelled(GaugeMetricFamily, "inference_latency_seconds", text, "quantile", latency)
    text = "The 0.95 quantile of the same by how urgent the leg was: in overload the quiet wait."
    by_urgency = status.latency_p95_by_urgency
    yield _labelled(GaugeMetricFamily, "inference_latency_by_urgency_seconds", text, "urgency", by_urgency)


def _skipped(by_inference: Mapping[str, int], totals: Mapping[_Key, float]) -> Metric:
    text = "Frames without an engine result, by reason: overload, a failed window, or a store that refused them for too long."
    blanked = sum(count for (_, _, key), count in totals.items() if key == "blanked")
    return _labelled(CounterMetricFamily, "frames_skipped", text, "reason", {**by_inference, "store": blanked})


def _legs(totals: Mapping[_Key, float]) -> Iterator[Metric]:
    yield _counter("frames", "Frames of all legs.", sum(count for (_, _, key), count in totals.items() if key == "frames"))
    for name in PACKET_COUNTS:
        metric = "rtp_packets" if name == "packets" else f"rtp_packets_{name}"
        family = CounterMetricFamily(f"{_PREFIX}_{metric}", f"RTP packets: {name}.", labels=["leg", "codec"])
        for (leg, codec, key), count in sorted(totals.items()):
            if key == name:
                family.add_metric([leg, codec], count)
        yield family
    dropped = sum(count for (_, _, key), count in totals.items() if key == "overflow_seconds")
    yield _counter(
        "audio_dropped_seconds", "Audio that came and was dropped, here or in the kernel, for want of time.", dropped
    )


def _by_leg(reports: Mapping[Leg, Mapping[str, Any]] | Mapping[str, Mapping[str, Any]]) -> Counter[_Key]:
    """Counts by (leg, codec, name): a few series, however many calls there are. A call's own are in its report."""
    counts: Counter[_Key] = Counter()
    for leg, report in reports.items():
        for name in (*PACKET_COUNTS, "frames", "blanked", "overflow_seconds"):
            counts[leg, report.get("codec") or "unknown", name] += report.get(name, 0)
    return counts


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"{_PREFIX}_{name}", text, value=value)


def _labelled(
    family: type[GaugeMetricFamily] | type[CounterMetricFamily], name: str, text: str, label: str, values: Mapping[str, float]
) -> Metric:
    metric = family(f"{_PREFIX}_{name}", text, labels=[label])
    for key in sorted(values):
        metric.add_metric([key], values[key])
    return metric


def _info(labels: Mapping[str, str]) -> Metric:
    metric = GaugeMetricFamily(f"{_PREFIX}_build_info", "Versions; the value is always 1.", labels=sorted(labels))
    metric.add_metric([labels[name] for name in sorted(labels)], 1)
    return metric
