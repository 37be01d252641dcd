"""Many recordings through the pipeline at once: a process a core, each with an engine of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lab.hearing.hearing import Hearing, hear
from lab.hearing.takes import Take
from monitor.alerts.configured import configured_rules
from monitor.config import Settings
from monitor.engines.base import EngineInfo
from monitor.errors import SourceError
from monitor.learned.engine_key import EngineKey
from monitor.pipeline.engine_processes import EngineProcesses, EngineUser


@dataclass(frozen=True, slots=True)
class Unheard:
    """A recording that could not be heard. The others are not at fault."""

    take: Take
    reason: str


Wanted: TypeAlias = tuple[Take, bool]
"""A take, and whether its embeddings are wanted."""


class Listener(EngineUser[Wanted, Hearing | Unheard]):
    """An engine with its worker and rules: hears one take at a time, in this process."""

    def begin(self, info: EngineInfo) -> None:
        """Load the rules, and what they name. Raises `ConfigError` where they are wrong."""
        key = EngineKey(info.name, info.version, info.dim)
        self._rules = configured_rules(self.settings, key, info.labels)

    def do(self, item: Wanted) -> Hearing | Unheard:
        """The same as `hear`."""
        return self.hear(*item)

    def hear(self, take: Take, embeddings: bool) -> Hearing | Unheard:
        """The whole take, or why not. Raises `ConfigError` where the settings do not allow to hear it."""
        try:
            source = take.open()
            return hear(source, self.settings, self._rules, self.worker, call=take.path.stem, embeddings=embeddings)
        except SourceError as error:
            return Unheard(take, str(error))


class Listeners(EngineProcesses[Wanted, Hearing | Unheard]):
    """Hears takes on `jobs` processes; in this one where `jobs` is 1. A context manager.

    Which process hears a take changes nothing: results come in the order of the takes, and do not depend on `jobs`.
    """

    def __init__(self, settings: Settings, jobs: int | None = None) -> None:
        """Start; `jobs` defaults to the number of cores this process may use. Raises like `Listener`."""
        super().__init__(Listener, settings, jobs)

    def hear(self, takes: Iterable[Take], *, embeddings: bool = False) -> Iterator[tuple[Take, Hearing | Unheard]]:
        """Each take with what was heard, in the order given. Raises `ConfigError` where the settings forbid to hear one."""
        for (take, _), heard in self.map((take, embeddings) for take in takes):
            yield take, heard
