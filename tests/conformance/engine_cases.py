"""The engines that the conformance suites run over. A new engine joins by one line in `CASES`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.config.sections import EngineSection
from monitor.engines.base import Engine
from monitor.engines.compact.options import CompactOptions
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.registry import load_engine
from monitor.extras import EXTRAS


@dataclass(frozen=True)
class EngineCase:
    """An engine, and how to load it where nothing but the package is at hand."""

    name: str
    """In `ENGINES`."""
    settings: Callable[[Path], EngineSection]
    """Given an empty folder that it may fill."""
    streaming: bool
    """Whether its frames are the same whatever the hop, because the leg's past is in its context."""

    def load(self, folder: Path) -> Engine:
        return load_engine(self.settings(folder))


def _compact(folder: Path) -> EngineSection:
    return CompactOptions(threads=1)


def _emotion2vec(folder: Path) -> EngineSection:
    from tests.engines.emotion2vec_dir import write_model

    return Emotion2vecOptions(model=str(write_model(folder / "model")), device="cpu", threads=1, gate=0)


CASES = (
    EngineCase("compact", _compact, streaming=True),
    EngineCase("emotion2vec", _emotion2vec, streaming=False),
)


def _parameter(case: EngineCase) -> object:
    return pytest.param(case, id=case.name, marks=[pytest.mark.needs(case.name)] if case.name in EXTRAS else [])


STREAMING = [_parameter(case) for case in CASES if case.streaming]
WINDOWED = [_parameter(case) for case in CASES if not case.streaming]
