"""The way of a window is followed from its arrival to the disk, where that is switched on."""

import sys

import pytest

from monitor.config.sections import TelemetrySection
from monitor.errors import ConfigError
from monitor.pipeline.traces import Tracing, open_tracing
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.scripted_source import ScriptedSource, tone

otel = pytest.mark.needs("otel")


@pytest.fixture
def exported():
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    return InMemorySpanExporter()


def tracing(exporter, sample: float) -> Tracing:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(provider, sample)


@otel
def test_each_window_of_a_call_is_a_trace_of_wait_inference_and_store(start_monitor: StartMonitor, exported) -> None:
    monitor = start_monitor()
    monitor._tracing = tracing(exported, 1.0)
    call = monitor.start_call(ScriptedSource({"customer": tone(6, 0.9), "agent": tone(6, 0.05)}))
    assert call.wait(60)
    spans = exported.get_finished_spans()
    roots = [span for span in spans if span.name == "window"]
    assert {span.attributes["call"] for span in roots} == {call.id}
    assert sum(span.attributes["frames"] for span in roots) == 600
    for root in roots:
        inside = {span.name: span for span in spans if span.parent is not None and span.parent.span_id == root.context.span_id}
        assert set(inside) == {"wait", "inference", "store"}
        wait, inference, store = inside["wait"], inside["inference"], inside["store"]
        assert root.start_time == wait.start_time <= wait.end_time == inference.start_time
        assert inference.end_time == store.start_time <= store.end_time == root.end_time
        assert inference.attributes["batch"] >= 1
    said = [event.name for span in spans if span.name == "store" for event in span.events]
    assert "state" in said, said


@otel
def test_a_share_of_the_windows_is_followed(exported) -> None:
    traces = tracing(exported, 0.1)
    followed = [traces.window("c", "customer", number * 20, 20) for number in range(100)]
    assert sum(trace is not None for trace in followed) == 10


def test_it_is_off_by_default_and_imports_nothing(start_monitor: StartMonitor) -> None:
    assert open_tracing(TelemetrySection()) is None
    assert start_monitor()._tracing is None


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.extras.find_spec", lambda module: None)
    with pytest.raises(
        ConfigError, match=r"telemetry\.otlp_endpoint needs opentelemetry[a-z., ]+, which are not installed: .*\[otel\]"
    ):
        open_tracing(TelemetrySection(otlp_endpoint="http://127.0.0.1:4318/v1/traces"))


@otel
def test_an_endpoint_that_is_not_there_costs_no_call(start_monitor: StartMonitor) -> None:
    monitor = start_monitor(telemetry__otlp_endpoint="http://127.0.0.1:9/v1/traces", telemetry__sample=1.0)
    call = monitor.start_call(ScriptedSource({"customer": tone(2, 0.5)}))
    assert call.wait(60)
    assert monitor.store.open(call.id).status == "complete"
    assert "opentelemetry.sdk.trace" in sys.modules
