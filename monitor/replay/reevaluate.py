"""Other rules over a stored call: what they would have raised."""

from collections.abc import Callable

from monitor.alerts.rules import RuleSet
from monitor.events import Event
from monitor.replay.player import replay_events
from monitor.store.base import StoredCall


def judge(stored: StoredCall, rules: RuleSet, between: Callable[[], object] = lambda: None) -> list[Event]:
    """All events of the call under `rules`. Raises `StoreError` where its frames are corrupted, and what `between` raises,
    which is called now and then."""
    return list(replay_events(stored, rules, between=between))
