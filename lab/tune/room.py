"""The calls of a search, and what was heard of them with each setting of the engine."""

from collections.abc import Callable, Sequence
from pathlib import Path

from lab.calls.labelled import LabelledCall
from lab.hearing.listeners import Listeners, Unheard
from lab.tune.heard import hear_all, take_of
from lab.tune.judge import Case
from lab.tune.search import Trial
from monitor.config import Settings
from monitor.config.sections import EngineSection
from monitor.engines.base import EngineInfo
from monitor.errors import SourceError

Progress = Callable[[str, int, int, Trial | None], object]
"""Is told the stage, how much of it is done, of how much, and the best trial of a search so far."""


class Room:
    """The calls of a search.

    Raises where `Listeners` and `hear_all` do.
    """

    def __init__(self, calls: Sequence[LabelledCall], folder: Path, jobs: int, progress: Progress) -> None:
        self.calls = list(calls)
        self.unheard: list[Unheard] = []
        self.info: EngineInfo
        self._folder = folder
        self._jobs = jobs
        self._progress = progress
        self._heard: dict[EngineSection, tuple[EngineInfo, list[Path]]] = {}

    def hear(self, settings: Settings) -> None:
        """Hear all calls. Those that cannot be heard the first time are taken out. Raises `SourceError` where none can."""
        with Listeners(settings, self._jobs) as listeners:
            found = hear_all(listeners, settings, [take_of(call) for call in self.calls], self._folder, self._counted())
            self.info = listeners.info
        if self._heard and (missed := next((each for each in found if isinstance(each, Unheard)), None)):
            raise SourceError(missed.reason)
        self.unheard += [each for each in found if isinstance(each, Unheard)]
        if len(self.unheard) == len(found):
            raise SourceError(f"none of {len(found)} calls could be heard; the first: {self.unheard[0].reason}")
        self.calls = [call for call, each in zip(self.calls, found, strict=True) if isinstance(each, Path)]
        self._heard[settings.engine] = self.info, [each for each in found if isinstance(each, Path)]

    def cases(self, settings: Settings, indices: Sequence[int]) -> list[Case]:
        """Some calls with their frames, heard as `settings.engine` says."""
        if settings.engine not in self._heard:
            self.hear(settings)
        info, files = self._heard[settings.engine]
        return [Case(self.calls[index], files[index], info.labels) for index in indices]

    def _counted(self) -> Callable[[], None]:
        done = 0

        def count() -> None:
            nonlocal done
            done += 1
            self._progress("hearing calls", done, len(self.calls), None)

        return count
