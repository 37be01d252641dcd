"""The task that every system is given: four emotions, people never heard before, clean or over a telephone line.

Clips, people, lines and the sound itself are those of `emotion-monitor evaluate --speakers held --line telephone`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import recall_score

from lab.clips.choice import chosen
from lab.hearing.takes import Take
from lab.labels import Clip, read_clips
from lab.lines.condition import TELEPHONE, Condition
from lab.sound import legs_of
from monitor.audio.chunk import Samples
from monitor.output_file import replacement

CLASSES = ("angry", "happy", "neutral", "sad")
"""Those that every dataset has."""
LINES: dict[str, Condition | None] = {"clean": None, "telephone": TELEPHONE}
SEED = 1
"""Of the lines: the default of `evaluate`."""


@dataclass(frozen=True, slots=True)
class Task:
    """Clips of the four classes: those of the people that training hears, and of those that it keeps apart."""

    heard: tuple[Clip, ...]
    held: tuple[Clip, ...]


def read_task(folder: Path, limit: int | None = None, learn: int | None = None) -> Task:
    """The task that `folder/labels.csv` gives; `limit` takes so many clips of each side alone, `learn` so many to learn from.

    Raises `ConfigError` where the labels cannot be read.
    """
    clips = read_clips(folder)
    held = chosen(clips, classes=CLASSES, speakers="held")
    apart = {(clip.dataset, clip.speaker) for clip in held}
    heard = [clip for clip in clips if (clip.dataset, clip.speaker) not in apart]
    return Task(tuple(chosen(heard, classes=CLASSES, limit=learn or limit)), tuple(chosen(held, limit=limit)))


def recalls(clips: Sequence[Clip], decided: Sequence[str]) -> dict[str, float]:
    """Unweighted average recall a dataset, and the mean over datasets under `mean`."""
    rows = {}
    for dataset in sorted({clip.dataset for clip in clips}):
        pairs = [(clip.emotion, said) for clip, said in zip(clips, decided, strict=True) if clip.dataset == dataset]
        truth, said = zip(*pairs, strict=True)
        rows[dataset] = float(recall_score(truth, said, labels=sorted(set(truth)), average="macro"))
    return rows | {"mean": float(np.mean(list(rows.values())))}


def cached(
    name: str, clips: Sequence[Clip], line: str, cache: Path, features: Callable[[Samples], NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """`features` of the sound of each clip in its order, shape (rows, k) each.

    Kept in `cache`, a file a person, so that a run that is broken off goes on where it stood.
    """
    by_person: dict[str, list[int]] = defaultdict(list)
    for place, clip in enumerate(clips):
        by_person[f"{clip.dataset}-{clip.speaker}"].append(place)
    found: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(clips)
    for number, (person, places) in enumerate(by_person.items(), start=1):
        mine = [clips[place].path for place in places]
        digest = hashlib.sha256("\n".join(path.name for path in mine).encode()).hexdigest()[:8]
        file = cache / name / line / f"{person}-{digest}.npz"
        if not file.exists():
            rows = [features(_sound(path, line)) for path in mine]
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacement(file) as part, part.open("wb") as stream:
                np.savez(stream, rows=np.concatenate(rows).astype(np.float32), lengths=[len(row) for row in rows])
            print(f"  {name}, {line}: {number} of {len(by_person)} people", flush=True)
        with np.load(file) as kept:
            pieces = np.split(kept["rows"], np.cumsum(kept["lengths"])[:-1])
        for place, piece in zip(places, pieces, strict=True):
            found[place] = piece
    return found


def _sound(path: Path, line: str) -> Samples:
    return legs_of(Take(path, one_speaker=True, line=LINES[line], seed=SEED).open())["customer"]
