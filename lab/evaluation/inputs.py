"""What the paths given to `evaluate` are: clips with labels, calls with labels, or recordings without."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.calls import LabelledCall, holds_calls, read_calls
from lab.calls.stored import StoredCalls
from lab.hearing.takes import read_recordings
from lab.labels import TABLE, Clip, read_clips
from monitor.errors import ConfigError


@dataclass(slots=True)
class Inputs:
    """All that is to be heard."""

    clips: list[Clip] = field(default_factory=list)
    calls: list[LabelledCall] = field(default_factory=list)
    recordings: list[Path] = field(default_factory=list)
    judged: StoredCalls | None = None
    """Stored calls, which were heard when they were live."""

    @property
    def to_hear(self) -> bool:
        """Whether an engine is needed."""
        return bool(self.clips or self.calls or self.recordings)


def read_inputs(paths: Sequence[Path]) -> Inputs:
    """Read the labels of each path, and tell what it is.

    A folder with labels.csv holds clips; one with JSON files, or such a file, calls; a folder of recordings, or one recording,
    has no labels. Raises `ConfigError` where a
    path is not there, holds nothing to hear, or its labels are wrong.
    """
    inputs = Inputs()
    for path in paths:
        if path.is_file() and not holds_calls(path):
            inputs.recordings.append(path)
        elif path.is_file():
            inputs.calls += read_calls(path)
        elif not path.is_dir():
            raise ConfigError(f"{path}: there is no such file or folder")
        elif (path / TABLE).is_file():
            inputs.clips += read_clips(path)
        elif holds_calls(path):
            inputs.calls += read_calls(path)
        else:
            inputs.recordings += read_recordings([path])
    return inputs
