"""A call whose customer changes mood, as an engine would hear it: frames, analysed and stored in half seconds."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from monitor.alerts.rules import RuleSet, load_rules
from monitor.changes.bayes_options import BayesOptions
from monitor.config.sections import StateSection, StoreSection
from monitor.events import Event, Frames, Leg, Mark
from monitor.frame_format import LegFormat, as_stored
from monitor.pipeline.analysis import CallAnalysis
from monitor.store.base import CallRecord
from monitor.store.zarr.call_writer import ZarrCallWriter
from monitor.store.zarr.store import ZarrStore

LABELS = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised")
MOODS = ("neutral", "angry", "happy", "sad", "neutral", "angry")
MOOD_FRAMES = 500
DIM = 24
LEGS: tuple[Leg, ...] = ("customer", "agent")
STATE, CHANGES = StateSection(), BayesOptions()


def heard(leg: Leg, cut: int) -> Iterator[Frames]:
    """What an engine says of a leg, in runs of `cut` frames."""
    rng = np.random.default_rng(LEGS.index(leg))
    homes = rng.standard_normal((len(LABELS), DIM)) * 3
    total = len(MOODS) * MOOD_FRAMES + 17
    for start in range(0, total, cut):
        index = np.arange(start, min(start + cut, total))
        mood = [LABELS.index(MOODS[min(i // MOOD_FRAMES, len(MOODS) - 1)] if leg == "customer" else "neutral") for i in index]
        noise = np.random.default_rng([start, LEGS.index(leg)])
        logits = 4.0 * np.eye(len(LABELS))[mood] + noise.standard_normal((len(index), len(LABELS)))
        embedding = homes[mood] + noise.standard_normal((len(index), DIM))
        speech = np.where((index // 60) % 4 == LEGS.index(leg) * 2, 0.1, 0.95)
        marks = np.where((index >= 700) & (index < 750), Mark.SKIPPED, 0).astype(np.uint8)
        skipped = marks == Mark.SKIPPED
        embedding[skipped], logits[skipped], speech[skipped] = np.nan, np.nan, 0.0
        stored = [a.astype(np.float32) for a in (embedding, logits, speech)]
        yield Frames("call-1", leg, start, stored[0], stored[1], stored[2], marks)


def opened(path: Path) -> ZarrStore:
    return ZarrStore(StoreSection(path=path, fsync=False))


def begun(store: ZarrStore, format_: LegFormat, **kept: Any) -> ZarrCallWriter:
    """`kept`: in place of the settings that a call is kept with."""
    formats: dict[Leg, LegFormat] = dict.fromkeys(LEGS, format_)
    settings = {
        "state": STATE.model_dump(mode="json"),
        "changes": CHANGES.model_dump(mode="json"),
        "rules": load_rules().document(),
        **kept,
    }
    engine = {"name": "compact", "model": "moods"}
    started = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
    return store.create(CallRecord("call-1", started, "test", engine, LABELS, formats, {"queue": 3}, settings))


def live_events(writer: ZarrCallWriter, format_: LegFormat, rules: RuleSet | None = None, cut: int = 25) -> list[Event]:
    """Store the call, analysing it on the way as the pipeline does."""
    formats: Mapping[Leg, LegFormat] = dict.fromkeys(LEGS, format_)
    analysis = CallAnalysis("call-1", formats, LABELS, STATE, CHANGES, rules or load_rules())
    events: list[Event] = []
    for runs in zip(*(heard(leg, cut) for leg in LEGS), strict=True):
        for frames in runs:
            stored = as_stored(frames, format_)
            writer.append(stored)
            events += analysis.update(stored).events
    return [*events, *analysis.finish().events]
