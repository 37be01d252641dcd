"""Replay equals live, id for id, from the stored frames alone."""

from pathlib import Path

import pytest

from monitor.alerts.rules import RuleSet
from monitor.errors import StoreError
from monitor.events import Alert, CallEnded, CallStarted, ChangePoint, Event, StateChanged
from monitor.frame_format import LegFormat
from monitor.replay.player import play, replay_events
from monitor.replay.reevaluate import judge
from tests.replay.moody_call import DIM, LABELS, begun, live_events, opened

FORMATS = {
    "half precision": LegFormat(DIM, len(LABELS)),
    "all bits": LegFormat(DIM, len(LABELS), dtype="float32"),
    "ten a second": LegFormat(DIM, len(LABELS), stride=5),
}


@pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)
def test_the_stored_call_says_what_the_live_call_said(format_: LegFormat, tmp_path: Path) -> None:
    writer = begun(opened(tmp_path), format_)
    live = live_events(writer, format_)
    writer.finish("finished", {"customer": {"codec": "pcm"}})

    started, *replayed, ended = replay_events(opened(tmp_path).open("call-1"))

    assert replayed == live
    assert {type(event) for event in live} == {StateChanged, ChangePoint, Alert}
    assert isinstance(started, CallStarted)
    assert (started.started_at, started.metadata) == ("2026-03-01T09:30:00.123456+00:00", {"queue": 3})
    assert ended == CallEnded(call="call-1", time=60.34, at=60.34, reason="finished", legs={"customer": {"codec": "pcm"}})


@pytest.mark.parametrize("cut", [5, 250, 1000])
def test_how_the_live_call_was_cut_does_not_matter(cut: int, tmp_path: Path) -> None:
    writer = begun(opened(tmp_path), FORMATS["half precision"])
    live = live_events(writer, FORMATS["half precision"], cut=cut)
    writer.finish("finished", {})

    assert list(replay_events(opened(tmp_path).open("call-1")))[1:-1] == live


def test_a_call_whose_writer_died_is_replayed_as_far_as_it_came(tmp_path: Path) -> None:
    writer = begun(opened(tmp_path), FORMATS["half precision"])
    live = live_events(writer, FORMATS["half precision"])
    writer.abandon()
    before = list(replay_events(opened(tmp_path).open("call-1")))
    assert opened(tmp_path).recover() == ["call-1"]

    after = list(replay_events(opened(tmp_path).open("call-1")))

    assert before[:-1] == after[:-1]
    assert after[1:-1] == live
    assert after[-1] == CallEnded(call="call-1", time=60.34, at=60.34, reason="interrupted", legs={})


def test_other_rules_change_the_alerts_and_nothing_else(tmp_path: Path) -> None:
    writer = begun(opened(tmp_path), FORMATS["half precision"])
    live = live_events(writer, FORMATS["half precision"])
    writer.finish("finished", {})
    sad = {"name": "sad", "severity": "info", "leg": "customer", "when": {"emotion": {"is": "sad"}}, "message": "sad"}

    judged = judge(opened(tmp_path).open("call-1"), RuleSet.from_document([sad]))

    assert without_alerts(judged[1:-1]) == without_alerts(live)
    assert {event.rule for event in judged if isinstance(event, Alert)} == {"sad"}


def without_alerts(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, Alert)]


def test_playing_brings_the_events_in_order_with_live_frames_between(tmp_path: Path) -> None:
    writer = begun(opened(tmp_path), FORMATS["half precision"])
    live_events(writer, FORMATS["half precision"])
    writer.finish("finished", {})
    stored = opened(tmp_path).open("call-1")

    played = list(play(stored, speed=0))

    moments = [at for at, _ in played]
    assert moments == sorted(moments)
    assert [item for _, item in played if isinstance(item, Event)] == list(replay_events(stored))
    assert sum(item.as_message()["type"] == "frames" for _, item in played) > 100


def test_a_call_whose_detector_is_not_installed_is_refused_in_one_line(tmp_path: Path) -> None:
    store = opened(tmp_path)
    writer = begun(store, FORMATS["half precision"], changes={"detector": "theirs", "buffer": 9.0})
    writer.finish("finished", {})

    with pytest.raises(StoreError, match=r"call-1: .* cannot be read: detector: no detector is called 'theirs'; there are"):
        list(replay_events(store.open("call-1")))


def test_damaged_frames_end_the_replay_with_the_reason(tmp_path: Path) -> None:
    store = opened(tmp_path)
    writer = begun(store, FORMATS["half precision"])
    live_events(writer, FORMATS["half precision"])
    writer.finish("finished", {})
    stored = store.open("call-1")
    (stored.path / "agent" / "logits" / "c" / "0" / "0").write_bytes(b"")

    with pytest.raises(StoreError, match="call call-1 is damaged: "):
        list(replay_events(stored))


def test_a_negative_speed_is_refused(tmp_path: Path) -> None:
    writer = begun(opened(tmp_path), FORMATS["half precision"])

    with pytest.raises(ValueError, match="speed must not be negative"):
        list(play(opened(tmp_path).open("call-1"), speed=-1))

    writer.finish("finished", {})
