"""What calls come to, as Prometheus counts it."""

import itertools
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.events import AlertJudged, CallEnded
from monitor.messages import recorded
from monitor.server.collector import MonitorCollector
from monitor.server.hub import Hub
from tests.server.service import CALM, LOUD, Service, wait_until

Values = dict[tuple[str, ...], float]


def scraped(service: Service) -> Values:
    """By name and the values of the labels, in the order of their names."""
    with service.http() as http:
        text = http.get("/metrics").text
    return {
        (sample.name.removeprefix("emotion_monitor_"), *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(values: Values, name: str) -> Values:
    return {key[1:]: value for key, value in values.items() if key[0] == name}


def test_what_is_believed_of_a_leg_is_counted_second_by_second_and_sums_up_to_its_calls(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 6 + [LOUD] * 14})
    service.finished_call("c2", {"customer": [LOUD] * 10, "agent": [CALM] * 10})
    wait_until(lambda: sum(of(scraped(service), "calls_ended_total").values()) == 2)
    seconds = of(scraped(service), "emotion_seconds_total")
    assert seconds["angry", "customer"] > 10
    assert seconds["neutral", "agent"] > 5
    assert sum(value for (_, leg), value in seconds.items() if leg == "customer") == pytest.approx(30)
    assert sum(value for (_, leg), value in seconds.items() if leg == "agent") == pytest.approx(10)


def test_the_emotion_of_a_live_call_is_counted_as_far_as_it_is_heard(service: Service) -> None:
    call = service.call({"customer": [LOUD] * 8})
    wait_until(lambda: call.seconds >= 8)
    service.all_told()
    counted = sum(of(scraped(service), "emotion_seconds_total").values())
    assert 7.999 <= counted <= call.seconds + 0.001


def test_no_count_falls_when_a_call_ends(service: Service) -> None:
    calls = [service.call({"customer": [CALM] * 3 + [LOUD] * 5, "agent": [CALM] * 8}, realtime=False) for _ in range(3)]
    wait_until(lambda: all(call.seconds >= 8 for call in calls))
    scrapes = [scraped(service)]
    for call in calls:
        call.stop("stopped")
    while not all(call.wait(0) for call in calls):
        scrapes.append(scraped(service))
    scrapes.append(scraped(service))
    counters = [{key: value for key, value in values.items() if key[0].endswith("_total")} for values in scrapes]
    for before, after in itertools.pairwise(counters):
        assert {key for key in before if after[key] < before[key]} == set()
    assert counters[-1]["rtp_packets_total", "pcm", "customer"] == counters[0]["rtp_packets_total", "pcm", "customer"]


def test_a_call_that_ends_in_the_midst_of_a_scrape_is_counted_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    collector = MonitorCollector(service.monitor, Hub(service.monitor.journal))
    report = {"customer": {"codec": "pcm", "packets": 50}}
    live: list[Any] = []
    monkeypatch.setattr(service.monitor, "calls", lambda: list(live))

    def over(call: str) -> None:
        said = {"call": call, "time": 1.0, "at": 1.0, "reason": "stopped", "legs": report}
        collector.take(recorded({"type": "call_ended", "seq": 1, "recorded_at": "", **said}))

    def reports_and_ends() -> dict[str, Any]:
        over("scraped")
        live.clear()
        over("another")
        return report

    def packets() -> float:
        samples = {sample.name: sample.value for family in collector.collect() for sample in family.samples}
        return samples["emotion_monitor_rtp_packets_total"]

    live.append(
        SimpleNamespace(id="scraped", legs=("customer",), summary=lambda: {"store_error": None}, reports=reports_and_ends)
    )
    assert [packets(), packets()] == [100, 100]


def test_calls_are_counted_by_why_they_ended_and_unforeseen_reasons_make_no_series(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM]})
    for reason in ("error: the capture is cut at byte 31", "error: another", "inactive", "fell off the table"):
        service.monitor.journal.append(CallEnded(call="c2", reason=reason, legs={}))
    wait_until(lambda: sum(of(scraped(service), "calls_ended_total").values()) == 5)
    ended = of(scraped(service), "calls_ended_total")
    assert (ended["error",], ended["inactive",], ended["other",], ended["shutdown",]) == (2, 1, 1, 0)


def test_alerts_are_counted_by_rule_from_nought_on_and_what_people_say_of_them(service: Service) -> None:
    rule = service.monitor.rules.rules[0]
    assert of(scraped(service), "alerts_raised_total")[rule.name, rule.severity] == 0
    service.call({"customer": [CALM] * 4 + [LOUD] * 40, "agent": [0.0] * 44}, rest={"customer": LOUD})
    wait_until(lambda: bool(service.monitor.alerts()))
    alert = service.monitor.alerts()[0]
    # Listeners of the journal are told by one thread for all, so it may be another than that which appends.
    wait_until(lambda: of(scraped(service), "alerts_raised_total")[alert["rule"], alert["severity"]] == 1)
    for right in (True, False, False):
        service.monitor.journal.append(AlertJudged(call=alert["call"], id=alert["id"], by="Kim", right=right))
    expected = {(alert["rule"], "right"): 1, (alert["rule"], "wrong"): 2}
    wait_until(lambda: of(scraped(service), "alerts_judged_total") == expected)
