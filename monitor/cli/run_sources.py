"""What the arguments of `run` name: sources, folders of recordings, and patterns."""

import glob
from collections.abc import Sequence
from pathlib import Path

from monitor.errors import ConfigError
from monitor.sources.registry import suffixes


def named_sources(texts: Sequence[str]) -> tuple[list[str], bool]:
    """The sources that arguments name, and whether they may be several: more than one argument, a folder or a pattern.

    A folder stands for the recordings and captures in it and below, a pattern (`calls/*.wav`, `calls/**/*.flac`) for the files
    that match; each in order of their names. Raises `ConfigError` where one stands for nothing.
    """
    found: list[str] = []
    several = len(texts) > 1
    for text in texts:
        path = Path(text)
        if path.is_dir():
            several = True
            found += _recordings(path)
        elif glob.has_magic(text) and not path.exists():
            several = True
            found += _matches(text)
        else:
            found.append(text)
    return list(dict.fromkeys(found)), several


def _recordings(folder: Path) -> list[str]:
    heard = tuple(suffixes())
    inside = (path for path in folder.rglob("*") if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    files = sorted(str(path) for path in inside if path.name.lower().endswith(heard) and path.is_file())
    if not files:
        raise ConfigError(f"{folder}: holds no recording and no capture ({', '.join(sorted(heard))})")
    return files


def _matches(pattern: str) -> list[str]:
    matches = glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute patterns
    files = sorted(path for path in matches if Path(path).is_file())
    if not files:
        raise ConfigError(f"{pattern}: no file matches")
    return files
