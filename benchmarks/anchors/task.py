"""The task that every system is given: four emotions, people never heard before, clean or over a telephone line."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.compact_accuracy import telephone
from monitor.engines.compact.features import Array
from monitor.engines.compact.training.clips import Clip, held_out, read_audio, read_labels
from monitor.engines.compact.training.measure import FOUR, recall

Condition = Literal["clean", "telephone"]
CONDITIONS: tuple[Condition, ...] = ("clean", "telephone")
Decided = NDArray[np.int64]
"""An index into `LABELS` for each test clip, one of `FOUR`."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A clip, and the seed of the telephone line that it is heard over: the same for every system and in every run."""

    clip: Clip
    line: tuple[int, int]

    def sound(self, condition: Condition) -> Array:
        """16 kHz mono, shape (n,)."""
        audio = read_audio(self.clip.path)
        return audio if condition == "clean" else telephone(audio, np.random.default_rng(self.line))


@dataclass(frozen=True, slots=True)
class Task:
    """Clips of the four classes: those of the people that training hears, and of those that it keeps apart."""

    heard: tuple[Utterance, ...]
    held: tuple[Utterance, ...]


def read_task(folder: Path, limit: int = 0) -> Task:
    """The task that `folder/labels.csv` gives; `limit` takes about so many clips of each side alone, for a trial.

    Lines of the test clips are those of `compact_accuracy.py`. Raises `ConfigError` where the labels cannot be read.
    """
    clips = read_labels(folder)
    held = held_out(clips, 0.2)
    sides = [[clip for clip in clips if (clip.person in held) is apart] for apart in (True, False)]
    mine, others = (
        [Utterance(clip, (side, index)) for index, clip in enumerate(chosen) if clip.label in FOUR]
        for side, chosen in enumerate(sides, start=1)
    )
    return Task(tuple(_thinned(others, limit)), tuple(_thinned(mine, limit)))


def _thinned(utterances: list[Utterance], limit: int) -> list[Utterance]:
    return utterances[:: max(len(utterances) // limit, 1)] if limit else utterances


def labels_of(utterances: Sequence[Utterance]) -> NDArray[np.int64]:
    """Indices into `LABELS`, shape (n,)."""
    return np.array([utterance.clip.label for utterance in utterances], dtype=np.int64)


def recalls(held: Sequence[Utterance], decided: Decided) -> dict[str, float]:
    """Unweighted average recall a dataset, and the mean over datasets under `mean`."""
    truth, datasets = labels_of(held), np.array([utterance.clip.dataset for utterance in held])
    rows = {name: recall(truth[datasets == name], decided[datasets == name]) for name in sorted(set(datasets.tolist()))}
    return rows | {"mean": float(np.mean(list(rows.values())))}


def cached(
    name: str, utterances: Sequence[Utterance], condition: Condition, cache: Path, features: Callable[[Array], Array]
) -> list[Array]:
    """`features` of each utterance in its order, shape (rows, k) each.

    Kept in `cache`, a file a person, so that a run that is broken off goes on where it stood.
    """
    by_person: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, utterance in enumerate(utterances):
        by_person[utterance.clip.person].append(place)
    found: list[Array] = [np.empty(0, np.float32)] * len(utterances)
    for number, (person, places) in enumerate(by_person.items(), start=1):
        mine = [utterances[place] for place in places]
        about = repr([(utterance.clip.path.name, utterance.line) for utterance in mine])
        file = cache / name / condition / f"{'-'.join(person)}-{hashlib.sha256(about.encode()).hexdigest()[:8]}.npz"
        if not file.exists():
            rows = [features(utterance.sound(condition)) for utterance in mine]
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".partial.npz")
            np.savez(partial, rows=np.concatenate(rows).astype(np.float32), lengths=[len(row) for row in rows])
            partial.replace(file)
            print(f"  {name}, {condition}: {number} of {len(by_person)} people", flush=True)
        with np.load(file) as kept:
            pieces = np.split(kept["rows"], np.cumsum(kept["lengths"])[:-1])
        for place, piece in zip(places, pieces, strict=True):
            found[place] = piece
    return found
