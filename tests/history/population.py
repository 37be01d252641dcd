"""Stores with calls whose events say what the history has to tell."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.events import Alert, AlertJudged, CallEnded, CallStarted, Event, StateChanged
from monitor.store.base import CallRecord, Store
from monitor.store.call_document import CallDocument
from monitor.store.zarr.store import ZarrStore

STARTED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def put(store: ZarrStore, call: str, *, started: datetime = STARTED, metadata: Mapping[str, Any] | None = None) -> None:
    """A call that is over and of which no frame was kept, as its document says."""
    record = CallRecord(call, started, "rtp", {"name": "compact"}, ("angry", "neutral"), {}, dict(metadata or {}))
    document = CallDocument.of(record).model_copy(update={"status": "complete", "bytes": 1000, "reason": "finished"})
    folder = store.layout.new_frames(call, started)
    new = folder.with_suffix(".new")
    new.mkdir(parents=True)
    (new / "zarr.json").write_text(json.dumps({"attributes": document.model_dump(mode="json")}))
    new.rename(folder)


def begin(store: Store, call: str, *, started: datetime = STARTED) -> None:
    started_event = CallStarted(
        call=call,
        started_at=started.isoformat(),
        legs=("customer",),
        inferred=("customer",),
        source="rtp",
        engine="x",
        labels=(),
    )
    store.journal.append(started_event)


def state(call: str, time: float, emotion: str, leg: Any = "customer") -> StateChanged:
    known: dict[str, Any] = {"previous": "unknown", "confidence": 0.75, "valence": 0.0, "arousal": 0.0}
    return StateChanged(call=call, leg=leg, time=time, at=time, emotion=emotion, **known)


def alert(call: str, at: float, status: Any = "raised", number: int = 1, rule: str = "angry", **changes: Any) -> Alert:
    known: dict[str, Any] = {"severity": "warning", "message": f"{rule} in {call}", "leg": "customer", "time": at}
    return Alert(call=call, at=at, id=f"{call}:{rule}:{number}", rule=rule, status=status, **{**known, **changes})


def judged(call: str, right: bool, by: str = "Ada", number: int = 1, rule: str = "angry") -> AlertJudged:
    return AlertJudged(call=call, at=99.0, leg="customer", time=1.0, id=f"{call}:{rule}:{number}", by=by, right=right)


def end(store: Store, call: str, time: float) -> None:
    store.journal.append(CallEnded(call=call, time=time, at=time, reason="finished", legs={}))


def told(store: ZarrStore, call: str, *events: Event, seconds: float = 100.0, **about: Any) -> None:
    """A call that is over, with what was said of it."""
    put(store, call, **about)
    begin(store, call)
    for event in events:
        store.journal.append(event)
    end(store, call, seconds)


def population(store: ZarrStore) -> None:
    """Four calls of two days and two queues."""
    told(
        store,
        "calm",
        state("calm", 10, "neutral"),
        started=STARTED,
        metadata={"queue": "billing", "team": "north", "vip": True},
        seconds=60,
    )
    told(
        store,
        "angry",
        state("angry", 0, "neutral"),
        state("angry", 20, "angry"),
        alert("angry", 25),
        alert("angry", 55, "cleared"),
        state("angry", 50, "sad"),
        state("angry", 60, "neutral"),
        alert("angry", 70, number=2, rule="shouting", severity="critical"),
        judged("angry", right=True),
        started=STARTED + timedelta(hours=1),
        metadata={"queue": "billing", "team": "south"},
    )
    told(
        store,
        "agent",
        state("agent", 0, "angry", leg="agent"),
        alert("agent", 5, leg="agent"),
        judged("agent", right=False),
        started=STARTED + timedelta(days=1),
        metadata={"queue": "sales", "note": "=cmd|' /C calc'!A0"},
        seconds=200,
    )
    told(store, "silent", started=STARTED + timedelta(days=1, hours=1), seconds=5)
