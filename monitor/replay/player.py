"""A stored call again: its frames through the same analysis, with the settings that were in force when it was heard."""

import time
from collections.abc import Callable, Iterator

from pydantic import ValidationError

from monitor.alerts.rules import RuleSet
from monitor.config.sections import DETECTORS, StateSection
from monitor.errors import ConfigError, StoreError
from monitor.events import CallEnded, CallStarted, Event
from monitor.learned.engine_key import EngineKey
from monitor.learned.learned import Learned
from monitor.messages import FramesMessage
from monitor.pipeline.analysis import CallAnalysis, analysed
from monitor.pipeline.live import LiveFrames
from monitor.store.base import StoredCall
from monitor.timeline import frame_seconds

BLOCK_SECONDS = 0.5
"""Frames are played in runs of this length, as a live call gives them."""
READ_SECONDS = 20.0
"""Where nobody waits for them, they are read in longer runs: what is said does not depend on it, and a disk likes it."""


def replay_events(
    stored: StoredCall, rules: RuleSet | None = None, *, between: Callable[[], object] = lambda: None
) -> Iterator[Event]:
    """The events of the call, from `CallStarted` to `CallEnded`; with `rules`, as those would have judged it.

    `between` is called every few hundredths of a second of work: it may rest, or raise to give up. Raises `StoreError` where
    the frames or the settings of the call are corrupted.
    """
    for _, item in _walk(stored, rules, live=False, between=between):
        if isinstance(item, Event):
            yield item


def play(
    stored: StoredCall, speed: float, wait: Callable[[float], object] = time.sleep
) -> Iterator[tuple[float, Event | FramesMessage]]:
    """The events and live frames of the call with their moments (seconds of the timeline), `speed` times faster than it was.

    Speed 0 does not wait; otherwise `wait` does, for some seconds or less where it is told to wake. Raises `ValueError`
    for a negative speed, and `StoreError` like `replay_events`.
    """
    if speed < 0:
        raise ValueError(f"speed must not be negative, got {speed}")
    begun = time.monotonic()
    for at, item in _walk(stored, None, live=True, between=lambda: None):
        if speed:
            wait(max(0.0, begun + at / speed - time.monotonic()))
        yield at, item


def _walk(
    stored: StoredCall, rules: RuleSet | None, *, live: bool, between: Callable[[], object]
) -> Iterator[tuple[float, Event | FramesMessage]]:
    record = stored.record
    rules = _rules(stored, rules)
    analysis = _analysis(stored, rules)
    passing = LiveFrames(record.id, record.labels, rules.learned)
    end = frame_seconds(max((stored.committed(leg) for leg in record.legs), default=0))
    yield 0.0, _started(stored)
    for step in analysed(analysis, stored.blocks(BLOCK_SECONDS if live else READ_SECONDS)):
        between()
        at = end if step.frames is None else frame_seconds(step.frames.stop)
        for event in step.events:
            yield at, event
        if live and step.frames is not None:
            for message in passing.messages(step):
                yield at, message
    yield end, CallEnded(call=record.id, time=end, at=end, reason=stored.reason, legs=stored.reports)


def _rules(stored: StoredCall, rules: RuleSet | None) -> RuleSet:
    """The rules that the call was heard with, or those of others that are for such calls. With the templates and heads that
    they name: those that come with them, or else those that are kept with the call."""
    record = stored.record
    try:
        kept = Learned.from_document(record.settings.get("learned", {}))
        if rules is None:
            return RuleSet.from_document(record.settings["rules"], learned=kept)
    except (KeyError, ConfigError) as error:
        raise _unreadable(stored, error) from None
    dim = max((form.dim for form in record.legs.values()), default=0)
    try:
        return rules.of_call(record.metadata).heard_with(rules.learned.over(kept), EngineKey.of(record.engine, dim))
    except ConfigError as error:
        raise StoreError(f"call {record.id}: {error}") from None


def _analysis(stored: StoredCall, rules: RuleSet) -> CallAnalysis:
    record = stored.record
    try:
        state = StateSection.model_validate(record.settings["state"])
        changes = DETECTORS.validate(record.settings["changes"])
    except (KeyError, ValidationError) as error:
        raise _unreadable(stored, error) from None
    return CallAnalysis(record.id, record.legs, record.labels, state, changes, rules)


def _unreadable(stored: StoredCall, error: Exception) -> StoreError:
    if isinstance(error, KeyError):
        said = f"{error} is missing"
    elif isinstance(error, ValidationError):
        said = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
    else:
        said = str(error)
    return StoreError(f"call {stored.record.id}: the settings kept with it cannot be read: {said}")


def _started(stored: StoredCall) -> CallStarted:
    record = stored.record
    return CallStarted(
        call=record.id,
        started_at=record.started_at.isoformat(),
        legs=tuple(record.legs),
        inferred=tuple(leg for leg, leg_format in record.legs.items() if leg_format.classes),
        source=record.source,
        engine=f"{record.engine.get('name')} {record.engine.get('model')}",
        labels=record.labels,
        metadata=record.metadata,
    )
