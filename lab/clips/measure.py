"""Clips through the pipeline, each a call of its own, and how much was heard right, dataset by dataset."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.clips.scores import ClipScores, Logits, score
from lab.hearing.hearing import Hearing
from lab.hearing.listeners import Listeners, Unheard
from lab.hearing.takes import Take
from lab.labels import Clip
from lab.lines.condition import Condition
from monitor.events import Mark

FLOOR = 1e-6
"""Least weight of a frame, so that a clip in which no speech was found has logits too."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipsHeard:
    """What was heard of n clips."""

    clips: tuple[Clip, ...]
    logits: Logits
    """Of each utterance, shape (n, C)."""
    embeddings: NDArray[np.float64]
    """Of each utterance, shape (n, D); D is 0 where they were not asked for."""
    unheard: tuple[Unheard, ...]
    """Clips that could not be read; they are not among `clips`."""
    seconds: float
    """Of audio."""


def hear_clips(
    listeners: Listeners,
    clips: Sequence[Clip],
    line: Condition | None = None,
    *,
    seed: int = 1,
    embeddings: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> ClipsHeard:
    """Hear each clip as a call of one leg, customer. `embeddings` are kept if asked for; `progress` is told how many are
    done.
    """
    takes = (Take(clip.path, one_speaker=True, line=line, seed=seed) for clip in clips)
    heard: list[Clip] = []
    logits: list[NDArray[np.float64]] = []
    means: list[NDArray[np.float64]] = []
    unheard: list[Unheard] = []
    seconds = 0.0
    for done, (clip, (take, hearing)) in enumerate(
        zip(clips, listeners.hear(takes, embeddings=embeddings), strict=True), start=1
    ):
        said = utterance_logits(hearing) if isinstance(hearing, Hearing) else None
        if isinstance(hearing, Unheard):
            unheard.append(hearing)
        elif said is None:
            unheard.append(Unheard(take, f"{clip.path}: is shorter than a frame, or the engine failed on all of it"))
        else:
            heard.append(clip)
            logits.append(said)
            means.append(utterance_embedding(hearing))
            seconds += hearing.seconds
        progress(done)
    labels, dim = len(listeners.info.labels), listeners.info.dim if embeddings else 0
    return ClipsHeard(
        tuple(heard),
        np.array(logits, np.float64).reshape(len(heard), labels),
        np.array(means, np.float64).reshape(len(heard), dim),
        tuple(unheard),
        seconds,
    )


def utterance_logits(hearing: Hearing) -> NDArray[np.float64] | None:
    """Mean of the frame logits of the only leg, weighted by speech, shape (C,); None where no frame has a result."""
    (leg,) = hearing.legs.values()
    known = (leg.frames.marks & Mark.SKIPPED) == 0
    if not known.any():
        return None
    weight = leg.frames.speech[known].astype(np.float64) + FLOOR
    return np.asarray(weight @ leg.frames.logits[known].astype(np.float64) / weight.sum())


def utterance_embedding(hearing: Hearing) -> NDArray[np.float64]:
    """Mean of the embeddings of the only leg, weighted by speech, shape (D,). A frame must have a result."""
    (leg,) = hearing.legs.values()
    frames = leg.frames
    known = (frames.marks & Mark.SKIPPED) == 0
    weight = np.add.reduceat((frames.speech + FLOOR) * known, np.arange(0, len(frames), frames.stride), dtype=np.float64)
    said = weight > 0
    return np.asarray(weight[said] @ frames.embedding[said].astype(np.float64) / weight[said].sum())


def tabulate(
    heard: ClipsHeard, labels: Sequence[str], classes: Sequence[str] | None = None
) -> tuple[dict[str, ClipScores], dict[str, ClipScores]]:
    """Scores of all clips (key `all`) and of each dataset, and of each language; decided among `classes`, default all labels.

    Raises `ValueError` where a clip is of no class.
    """
    among = list(classes or labels)
    columns = [labels.index(name) for name in among]
    truth = np.array([among.index(clip.emotion) for clip in heard.clips], np.int64)
    logits = heard.logits[:, columns]

    def scores(mine: NDArray[np.bool_]) -> ClipScores:
        speakers = {(clip.dataset, clip.speaker) for clip, is_mine in zip(heard.clips, mine, strict=True) if is_mine}
        return score(logits[mine], truth[mine], speakers=len(speakers))

    datasets = dict(_groups([clip.dataset for clip in heard.clips], scores))
    mean = float(np.mean([row.uar for row in datasets.values()]))
    everything = scores(np.ones(len(truth), np.bool_)).model_copy(update={"uar_mean_of_datasets": mean})
    return {"all": everything, **datasets}, dict(_groups([clip.lang for clip in heard.clips], scores))


def confusions_by_person(
    heard: ClipsHeard, labels: Sequence[str], classes: Sequence[str] | None = None
) -> dict[str, list[list[int]]]:
    """What was heard of each `dataset/speaker`: rows the true class, columns the one heard, as in `tabulate`."""
    among = list(classes or labels)
    decided = heard.logits[:, [labels.index(name) for name in among]].argmax(1)
    people: dict[str, NDArray[np.int64]] = {}
    for clip, said in zip(heard.clips, decided, strict=True):
        mine = people.setdefault("/".join(clip.person), np.zeros((len(among), len(among)), np.int64))
        mine[among.index(clip.emotion), said] += 1
    return {name: people[name].tolist() for name in sorted(people)}


def _groups(names: Sequence[str], scores: Callable[[NDArray[np.bool_]], ClipScores]) -> Iterator[tuple[str, ClipScores]]:
    of_clip = np.array(names, dtype=np.str_)
    for name in sorted(set(names) - {""}):
        yield name, scores(of_clip == name)
