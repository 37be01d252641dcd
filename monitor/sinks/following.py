"""All sinks of a service."""

import time
from collections.abc import Collection, Mapping
from typing import Any

from monitor.config.sinks import SinkSection
from monitor.errors import ConfigError, NotFoundError
from monitor.sinks.follower import Follower
from monitor.sinks.registry import open_sink
from monitor.sinks.selection import Selection
from monitor.store.base import Store

FAREWELL = 5.0
"""Seconds that all sinks together have for the last events when the service stops."""


class Sinks:
    """The followers of a store's journal, one for each section of the settings."""

    def __init__(self, sections: Mapping[str, SinkSection], store: Store) -> None:
        """Open them. Raises `ConfigError`, or `StoreError` where the store gives no position or takes none."""

        def metadata_of(call: str) -> Mapping[str, Any]:
            try:
                return store.open(call).record.metadata
            except NotFoundError:  # erased meanwhile
                return {}

        self.followers = [
            Follower(
                name,
                open_sink(name, section),
                Selection(section.events, metadata_of),
                section.retry,
                store.journal,
                store.sink_state(name),
            )
            for name, section in sections.items()
        ]

    def start(self) -> None:
        """Begin to deliver."""
        for follower in self.followers:
            follower.start()

    def close(self, farewell: float = FAREWELL) -> None:
        """Deliver what there is, for `farewell` seconds at most, and end."""
        give_up = time.monotonic() + farewell
        for follower in self.followers:
            follower.begin_close()
        for follower in self.followers:
            follower.close(give_up - time.monotonic())


def check_sinks(sections: Mapping[str, SinkSection], rules: Collection[str]) -> None:
    """Raise `ConfigError` where a sink cannot be opened, or waits for a rule that there is not. Reaches nobody."""
    check_rules(sections, rules)
    for name, section in sections.items():
        open_sink(name, section).close()


def check_rules(sections: Mapping[str, SinkSection], rules: Collection[str]) -> None:
    """Raise `ConfigError` where a sink waits for a rule that there is not."""
    faults = [
        f"sinks.{name}.events.rules: there is no rule {rule!r}; there are {', '.join(rules) or 'none'}"
        for name, section in sections.items()
        for rule in section.events.rules
        if rule not in rules
    ]
    if faults:
        raise ConfigError("\n".join(faults))
