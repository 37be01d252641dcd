"""Clips and what is true of them: `labels.csv` and the files that it names; which of them are to be heard."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from lab.training.clips import HELD_SHARE, held_out
from monitor.config.sections import EngineSection
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.weights import SHIPPED, load_weights
from monitor.errors import ConfigError

TABLE = "labels.csv"
COLUMNS = ("file", "speaker", "emotion")
RESERVED = "all"
"""What a dataset may not be called: the row of all clips is."""

Speakers = Literal["all", "held"]
TWIN = "lab/experiments/weights/{}.safetensors"
"""Where the repository keeps the twin of the weights that ship."""


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """One utterance of one emotion."""

    path: Path
    dataset: str
    speaker: str
    lang: str
    """Empty where it is not told."""
    emotion: str


def read_clips(folder: Path) -> list[LabelledClip]:
    """The clips that `folder/labels.csv` names, in its order.

    Columns: file, speaker, emotion; dataset (default: the folder's name) and lang may be left out, others are ignored. Raises
    `ConfigError` with the line where a column, a value or a file is missing.
    """
    table = folder / TABLE
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{table}: cannot be read: {error}") from None
    if not rows:
        raise ConfigError(f"{table}: names no clip; it needs a row a clip: file,dataset,speaker,lang,emotion")
    if missing := [column for column in COLUMNS if column not in rows[0]]:
        raise ConfigError(f"{table}: lacks the column {', '.join(missing)}; it needs {','.join(COLUMNS)}")
    return [_clip(folder, f"{table}:{line}", row) for line, row in enumerate(rows, start=2)]


def _clip(folder: Path, where: str, row: dict[str, str | None]) -> LabelledClip:
    values = {column: (row.get(column) or "").strip() for column in (*COLUMNS, "dataset", "lang")}
    if empty := [column for column in COLUMNS if not values[column]]:
        raise ConfigError(f"{where}: {', '.join(empty)} is empty")
    if values["dataset"] == RESERVED:
        raise ConfigError(f"{where}: no dataset may be called {RESERVED!r}: so is the row of all clips; rename it")
    path = folder / values["file"]
    if not path.is_file():
        raise ConfigError(f"{where}: there is no file {path}")
    return LabelledClip(path, values["dataset"] or folder.resolve().name, values["speaker"], values["lang"], values["emotion"])


def chosen(
    clips: Sequence[LabelledClip],
    *,
    classes: Sequence[str] | None = None,
    speakers: Speakers = "all",
    limit: int | None = None,
    seed: int = 1,
) -> list[LabelledClip]:
    """The clips to be heard, in their order.

    `classes` keeps those of these emotions; `held` those of the speakers that training of the compact engine keeps apart from
    these same clips; `limit` so many, each dataset's emotions alike as far as they go. Raises `ConfigError` where none is left.
    """
    kept = list(clips)
    if speakers == "held":
        held = held_out(clips, HELD_SHARE)
        kept = [clip for clip in kept if (clip.dataset, clip.speaker) in held]
    if classes is not None:
        kept = [clip for clip in kept if clip.emotion in classes]
    if not kept:
        raise ConfigError(
            f"none of {len(clips)} clips is left: they are of {', '.join(sorted({clip.emotion for clip in clips}))}; "
            f"asked for were {', '.join(classes) if classes else 'all emotions'} of {speakers} speakers"
        )
    return kept if limit is None else _stratified(kept, limit, seed)


def _stratified(clips: Sequence[LabelledClip], limit: int, seed: int) -> list[LabelledClip]:
    strata: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, clip in enumerate(clips):
        strata[clip.dataset, clip.emotion].append(index)
    generator = np.random.default_rng(seed)
    ranked: list[tuple[int, int]] = []
    for _, members in sorted(strata.items()):
        ranked += enumerate(members[place] for place in generator.permutation(len(members)))
    ranked.sort(key=lambda item: item[0])
    return [clips[index] for index in sorted(index for _, index in ranked[:limit])]


def check_kept_apart(engine: EngineSection) -> None:
    """Raise `ConfigError` where the engine learned from the very speakers who are held: its figures would flatter it."""
    if engine.name != "compact":
        return
    weights = load_weights(Path(engine.model) if engine.model else SHIPPED, STEP_INPUTS)
    if not weights.kept_apart:
        twin = weights.about.get("twin") or "weights of the same recipe"
        where = f": --model {TWIN.format(twin)}" if not engine.model else ""
        raise ConfigError(
            f"--speakers held: {weights.name} learned from everyone, so there is nobody to measure it on; "
            f"measure {twin}, which kept a fifth of the speakers apart{where}"
        )


def check_labels(clips: Iterable[LabelledClip], labels: Sequence[str], engine: str) -> None:
    """Raise `ConfigError` where a clip has an emotion that the engine does not tell."""
    if unknown := sorted({clip.emotion for clip in clips} - set(labels)):
        raise ConfigError(
            f"clips are labelled {', '.join(unknown)}, which {engine} does not tell; it tells {', '.join(labels)}; "
            "rename them in labels.csv, or keep some emotions: --classes angry,happy,neutral,sad"
        )
