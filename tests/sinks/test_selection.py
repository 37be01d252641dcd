"""Which events go to a sink."""

from collections.abc import Mapping
from typing import Any

import pytest

from monitor.config.sinks import EventType, SelectionSection
from monitor.conformance.followed_journal import Following, alert, section
from monitor.conformance.stored_calls import record_of
from monitor.errors import StoreError
from monitor.events import CallEnded, StateChanged
from monitor.messages import EVENT_TYPES, recorded
from monitor.sinks.selection import Selection
from monitor.store.zarr.store import ZarrStore
from tests.server.service import wait_until

ALERT = {
    "type": "alert", "call": "c", "leg": "customer", "rule": "customer-angry", "severity": "critical", "status": "raised"
}  # fmt: skip
STATE = {"type": "state", "call": "c", "leg": "agent"}
QUEUE = {"queue": "billing", "vip": True, "site": 7}


def wants(message: Mapping[str, Any], **section: Any) -> bool:
    return Selection(SelectionSection.model_validate(section), lambda _: QUEUE).wants(recorded(message))


def test_the_types_that_may_be_chosen_are_those_of_the_journal() -> None:
    assert set(EventType.__args__) == EVENT_TYPES  # type: ignore[attr-defined]


def test_alerts_go_there_unless_other_types_are_named() -> None:
    assert (wants(ALERT), wants(STATE), wants(STATE, types=["state"]), wants(STATE, types=[])) == (True, False, True, True)


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ({"severities": ["critical"]}, True),
        ({"severities": ["info", "warning"]}, False),
        ({"statuses": ["raised", "cleared"]}, True),
        ({"statuses": ["updated"]}, False),
        ({"rules": ["customer-angry", "overtalk"]}, True),
        ({"rules": ["overtalk"]}, False),
        ({"legs": ["customer"]}, True),
        ({"legs": ["agent", "mixed"]}, False),
        ({"severities": ["critical"], "rules": ["overtalk"]}, False),
        ({"metadata": {"queue": "billing"}}, True),
        ({"metadata": {"queue": ["sales", "billing"], "vip": True, "site": [7]}}, True),
        ({"metadata": {"queue": "sales"}}, False),
        ({"metadata": {"queue": "billing", "language": "de"}}, False),
    ],
)
def test_an_alert_is_wanted_where_every_choice_fits(chosen: dict[str, Any], wanted: bool) -> None:
    assert wants(ALERT, **chosen) == wanted


def test_what_is_about_the_whole_call_passes_a_choice_of_legs() -> None:
    assert wants({**ALERT, "leg": None}, legs=["agent"])


def test_choices_of_alerts_leave_other_types_alone() -> None:
    assert wants(STATE, types=["alert", "state"], severities=["critical"], rules=["x"], statuses=["raised"])


@pytest.mark.parametrize("kind", ["erased", "damaged"])
def test_what_stands_for_an_event_that_is_gone_is_never_sent(kind: str) -> None:
    assert not wants({"type": kind, "seq": 3}, types=[])


def test_the_metadata_are_those_of_the_stored_call(store: ZarrStore, following: Following, tmp_path: Any) -> None:
    store.create(record_of("sales-1", metadata={"queue": "sales"}))
    store.create(record_of("billing-1", metadata={"queue": "billing"}))
    chosen = section("jsonl", {"path": tmp_path / "out"}, types=[], metadata={"queue": "billing"})
    following.start(desk=chosen)
    alert(store.journal, "sales-1")
    alert(store.journal, "billing-1")
    alert(store.journal, "nowhere-1")
    state = StateChanged(call="billing-1", leg="agent", emotion="a", previous="b", confidence=1, valence=0, arousal=0)
    store.journal.append(state)
    store.journal.append(CallEnded(call="sales-1", reason="finished", legs={}))
    wait_until(lambda: store.sink_state("desk").position() == store.journal.last)
    lines = (tmp_path / "out").read_text().splitlines()
    assert ['"billing-1"' in line for line in lines] == [True, True]


def test_an_event_whose_call_cannot_be_read_goes_to_the_dead_letters_not_to_somebody_else(
    store: ZarrStore, following: Following, tmp_path: Any
) -> None:
    frames = store.layout.new_frames("broken-1", record_of().started_at)
    store.create(record_of("broken-1"))
    (frames / "zarr.json").write_text("{")
    followers = following.start(desk=section("jsonl", {"path": tmp_path / "out"}, metadata={"queue": "billing"}))
    alert(store.journal, "broken-1")
    wait_until(lambda: followers["desk"].counts.dead_lettered == 1)
    assert "whether it is wanted cannot be known" in store.sink_state("desk").letters.read()[0].reason
    assert not (tmp_path / "out").exists()
    with pytest.raises(StoreError):
        store.open("broken-1")
