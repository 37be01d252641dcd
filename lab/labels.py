"""Emotions that labels may name, and the clips of a `labels.csv`: the one reader of what is trained on and measured."""

import csv
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import ConfigError

EMOTIONS = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised")
"""By the names and in the order of emotion2vec."""
UNLABELLED = -1
"""In place of the index of an emotion where nobody gave one."""

TABLE = "labels.csv"
COLUMNS = ("file", "speaker", "emotion")
RESERVED = "all"
"""What a dataset may not be called: the row of all clips is."""
HELD_SHARE = 0.2
"""Of each dataset's speakers, kept apart for measuring."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance of one emotion."""

    path: Path
    dataset: str
    speaker: str
    lang: str = ""
    """Empty where it is not told."""
    emotion: str = ""
    """Empty where nobody gave one."""
    fold: str = ""
    """In which a probe is tested on it, where the set publishes folds. Empty: drawn, or only learned from."""

    @property
    def person(self) -> tuple[str, str]:
        """Dataset and speaker: who must not be on both sides of a split."""
        return self.dataset, self.speaker

    @property
    def label(self) -> int:
        """Index into `EMOTIONS`, or `UNLABELLED`."""
        return EMOTIONS.index(self.emotion) if self.emotion else UNLABELLED


def read_clips(folder: Path, known: Collection[str] | None = None) -> list[Clip]:
    """The clips that `folder/labels.csv` names, in its order.

    Columns: file, speaker, emotion; dataset (default: the folder's name), lang and fold may be left out, others are ignored.
    Raises `ConfigError` with the line where a column, a value or a file is missing, or an emotion is not among those `known`.
    """
    table = folder / TABLE
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{table}: cannot be read: {error}; it lists the clips: file,dataset,speaker,lang,emotion") from None
    if not rows:
        raise ConfigError(f"{table}: names no clip; it needs a row a clip: file,dataset,speaker,lang,emotion")
    if missing := [column for column in COLUMNS if column not in rows[0]]:
        raise ConfigError(f"{table}: lacks the column {', '.join(missing)}; it needs {','.join(COLUMNS)}")
    return [_clip(folder, f"{table}:{line}", row, known) for line, row in enumerate(rows, start=2)]


def _clip(folder: Path, where: str, row: dict[str, str | None], known: Collection[str] | None) -> Clip:
    values = {column: (row.get(column) or "").strip() for column in (*COLUMNS, "dataset", "lang", "fold")}
    if empty := [column for column in COLUMNS if not values[column]]:
        raise ConfigError(f"{where}: {', '.join(empty)} is empty")
    if values["dataset"] == RESERVED:
        raise ConfigError(f"{where}: no dataset may be called {RESERVED!r}: so is the row of all clips; rename it")
    if known is not None and values["emotion"] not in known:
        raise ConfigError(f"{where}: unknown emotion {values['emotion']!r}; known: {', '.join(known)}")
    path = folder / values["file"]
    if not path.is_file():
        raise ConfigError(f"{where}: there is no file {path}")
    dataset = values["dataset"] or folder.resolve().name
    return Clip(path, dataset, values["speaker"], values["lang"], values["emotion"], values["fold"])


def held_out(clips: Iterable[Clip], share: float) -> set[tuple[str, str]]:
    """People kept for measuring: about `share` of each dataset's speakers, at least one, chosen by a hash of their names.

    A dataset of a single speaker keeps none. The choice does not depend on a seed, so every experiment keeps the same people.
    """
    people: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        people[clip.dataset].add(clip.speaker)
    held = set()
    for dataset, speakers in people.items():
        order = sorted(speakers, key=lambda name: zlib.crc32(f"{dataset}/{name}".encode()))
        count = min(max(round(share * len(speakers)), 1), len(speakers) - 1) if share else 0
        held |= {(dataset, name) for name in order[:count]}
    return held
