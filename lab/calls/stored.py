"""Stored calls with judged alerts, as labelled calls that were heard: their frames are those of the store, without sound."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from lab.calls.judged import JudgedAlerts, JudgedScore, rules_for, score_judged, total
from lab.calls.labelled import LabelledCall
from lab.hearing.hearing import Hearing, LegHeard, analysed_anew
from monitor.alerts.rules import RuleSet
from monitor.config import Settings
from monitor.engines.base import EngineInfo
from monitor.errors import ConfigError, StoreError
from monitor.events import LEGS, Leg, LegReport
from monitor.messages import recorded
from monitor.replay.alert_spans import Span, alert_spans
from monitor.store.base import Store, StoredCall

DATASET = "judged"


@dataclass(frozen=True, slots=True)
class StoredCalls:
    """Calls of one engine whose alerts were judged."""

    engine: EngineInfo
    calls: tuple[tuple[LabelledCall, Hearing], ...]
    """Oldest first. Hearings with their embeddings, and nothing that was said of them."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Calls that cannot be used, and why."""


def read_judged(store: Store) -> StoredCalls:
    """The calls of a store that have judged alerts. All frames are held in memory.

    The newest call says which engine; those of another cannot be compared and are left out, as are calls that cannot be read.
    Raises `ConfigError` where no alert was judged.
    """
    judged: dict[str, list[Span]] = {}
    for span in alert_spans(map(recorded, store.journal.read(0, types=("alert", "alert_judged")))):
        judged.setdefault(span["call"], []).append(span)
    told = {call: JudgedAlerts(tuple(spans)) for call, spans in judged.items()}
    names = [call for call, alerts in told.items() if alerts.rules]
    opened: list[StoredCall] = []
    left_out: dict[str, str] = {}
    for call in names:
        try:
            opened.append(store.open(call))
        except StoreError as error:
            left_out[call] = str(error)
    if not opened:
        why = f"; the first: {next(iter(left_out.values()))}" if left_out else ""
        raise ConfigError(f"{store.place}: no alert of a stored call was judged (POST /api/v1/alerts/ID/judge){why}")
    opened.sort(key=lambda stored: stored.record.started_at)
    engine = _engine(opened[-1])
    calls: list[tuple[LabelledCall, Hearing]] = []
    for stored in opened:
        call = stored.record.id
        if (_key(stored), stored.record.labels) != (_key(opened[-1]), engine.labels):
            left_out[call] = f"call {call} was heard by another engine than {engine.name} {engine.version}"
            continue
        try:
            hearing = _hearing(stored)
        except StoreError as error:
            left_out[call] = str(error)
            continue
        calls.append((_labelled(stored, hearing, told[call]), hearing))
    return StoredCalls(engine, tuple(calls), left_out)


def score_stored(stored: StoredCalls, settings: Settings, rules: RuleSet) -> JudgedScore:
    """What becomes of the judged alerts of all calls under some settings and rules."""
    scores = []
    for call, hearing in stored.calls:
        if call.judged is not None:
            anew = analysed_anew(hearing, stored.engine.labels, settings, rules_for(call.judged, rules))
            scores.append(score_judged(call.judged, anew.events, rules.names, call.seconds))
    return total(scores)


def _labelled(stored: StoredCall, hearing: Hearing, judged: JudgedAlerts) -> LabelledCall:
    return LabelledCall(
        name=stored.record.id,
        audio=Path(stored.record.id),
        seconds=hearing.seconds,
        legs=tuple(hearing.legs),
        segments=(),
        changes=(),
        dataset=DATASET,
        judged=replace(judged, metadata=stored.record.metadata),
    )


def _hearing(stored: StoredCall) -> Hearing:
    formats = {leg: stored.record.legs[leg] for leg in LEGS if leg in stored.record.legs}
    nothing = np.zeros(0, np.float32)
    legs: dict[Leg, LegHeard] = {
        leg: LegHeard(
            frames=stored.read(leg),
            format=form,
            emotion=(),
            posterior=nothing.reshape(0, form.classes),
            valence=nothing,
            arousal=nothing,
            audio=LegReport(),
        )
        for leg, form in formats.items()
    }
    return Hearing(stored.record.id, stored.summary().seconds, legs, ())


def _key(stored: StoredCall) -> tuple[Any, Any]:
    return stored.record.engine.get("name"), stored.record.engine.get("version")


def _engine(stored: StoredCall) -> EngineInfo:
    known = {field.name for field in fields(EngineInfo)}
    kept = {name: value for name, value in stored.record.engine.items() if name in known}
    try:
        return EngineInfo(**{**kept, "labels": tuple(stored.record.labels)})
    except TypeError as error:
        raise StoreError(f"call {stored.record.id}: what is kept of its engine is not understood: {error}") from None
