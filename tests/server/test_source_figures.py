"""What the status tells of the sources."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from monitor.server.source_figures import WORST, source_figures


def told(calls: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    live = [SimpleNamespace(id=call, reports=lambda legs=legs: legs) for call, legs in calls.items()]
    return source_figures(SimpleNamespace(calls=lambda: live))


def leg(codec: str = "pcmu", packets: int = 1000, **more: Any) -> dict[str, Any]:
    return {"codec": codec, "packets": packets, **more}


def test_legs_are_summed_by_codec_with_the_greatest_jitter() -> None:
    codecs = told(
        {"c1": {"customer": leg(lost=10, jitter=0.004), "agent": leg("opus")}, "c2": {"customer": leg(jitter=0.012)}}
    )["codecs"]
    assert codecs == [
        {"codec": "opus", "legs": 1, "packets": 1000, "lost": 0, "late": 0, "refused": 0, "jitter": 0.0},
        {"codec": "pcmu", "legs": 2, "packets": 2000, "lost": 10, "late": 0, "refused": 0, "jitter": 0.012},
    ]


def test_only_legs_that_fare_badly_are_told_one_by_one_the_worst_first() -> None:
    calls = {"well": {"customer": leg(lost=1)}, "lossy": {"customer": leg(lost=100)}, "uneven": {"agent": leg(jitter=0.05)}}
    worst = told({**calls, "encrypted": {"agent": leg(refused=7)}})["worst"]
    assert [(line["call"], line["leg"]) for line in worst] == [
        ("lossy", "customer"),
        ("uneven", "agent"),
        ("encrypted", "agent"),
    ]
    assert worst[0]["loss"] == 0.0909


def test_however_many_fare_badly_few_are_told() -> None:
    assert len(told({f"c{number}": {"customer": leg(lost=100)} for number in range(50)})["worst"]) == WORST


def test_a_source_that_has_no_packets_has_no_loss() -> None:
    assert told({"c1": {"customer": {"codec": "pcm"}}}) == {
        "codecs": [{"codec": "pcm", "legs": 1, "packets": 0, "lost": 0, "late": 0, "refused": 0, "jitter": 0.0}],
        "worst": [],
    }
