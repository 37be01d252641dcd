"""Training sequences: clips of one track one after another, often after the speaker's own neutral speech, as in a call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lab.labels import EMOTIONS
from lab.training.lesson import Taught, fit_sizes, mean_of_speech
from lab.training.render import Track
from monitor.affect.baseline import NEUTRAL
from monitor.engines.compact.features import BANDS, LEVEL, RAW, Array, frames_of
from monitor.engines.compact.network import OWN, STEP, STEP_INPUTS, to_steps
from monitor.engines.compact.normalise import Heard, Prior, normalise
from monitor.timeline import FRAME_SAMPLES

Place = tuple[int, int]
"""A track, and a clip of it."""
LONGEST = 600
"""Frames a sequence holds at most."""
SILENCE = frames_of(np.zeros(FRAME_SAMPLES, np.float32))[0]
"""A raw frame of digital silence."""
CONTEXT_WEIGHT = 0.3
"""What a clip that only leads up to the one in question counts in the loss."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Clips of one track in the order in which they are heard."""

    places: tuple[Place, ...]
    idle: int = 0
    """Frames of the line's own noise before the last clip: a caller who waits."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B sequences of T frames (T even) holding n clips."""

    steps: Array
    """Shape (B, T / 2, STEP_INPUTS)."""
    speech: Array
    """Whether somebody spoke, shape (B, T)."""
    clip: NDArray[np.int64]
    """Which clip a frame belongs to, shape (B, T); n where it belongs to none."""
    valid: NDArray[np.bool_]
    """False on padding, shape (B, T)."""
    taught: Array
    """What the teacher hears, every direction of the same size, shape (B, T, PARTS); (B, T, 0) without one."""
    labels: NDArray[np.int64]
    """Shape (n,), `UNLABELLED` where there is none."""
    opinions: Array
    """Probabilities that one who never heard the speaker gives the labels, shape (n, classes); (n, 0) without a teacher."""
    weights: Array
    """Shape (n,)."""
    kept: Array
    """Which inputs a sequence may use, 1 or 0, shape (B, 1, STEP_INPUTS)."""


def fit_prior(tracks: Sequence[Track]) -> Prior:
    """What speech sounds like on average: over voiced frames near the speech level."""
    shapes, levels, pitches = [], [], []
    for track in tracks:
        raw = track.raw.astype(np.float32)
        heard = (track.speech > 0.5) & (raw[:, RAW - 1] > 0.4)
        shapes.append((raw[heard, :BANDS] - raw[heard, LEVEL : LEVEL + 1]).mean(0) if heard.any() else np.zeros(BANDS))
        levels.append(raw[heard, LEVEL].mean() if heard.any() else -7.0)
        pitches.append(raw[heard, LEVEL + 1].mean() if heard.any() else 0.6)
    return Prior(np.mean(shapes, axis=0).astype(np.float32), float(np.mean(levels)), float(np.mean(pitches)))


def fit_scaling(tracks: Sequence[Track], prior: Prior) -> tuple[Array, Array]:
    """Mean and reciprocal deviation of the network's inputs, over steps of the beginnings of some tracks."""
    some = [track.raw[:LONGEST] for track in tracks[:: max(len(tracks) // 60, 1)] if len(track.raw) >= LONGEST]
    some = some or [np.resize(track.raw, (LONGEST, RAW)) for track in tracks[:60]]
    frames, _ = normalise(np.stack(some).astype(np.float32), prior, Heard.nothing(len(some)))
    flat = to_steps(frames).reshape(-1, to_steps(frames).shape[-1])
    return flat.mean(0).astype(np.float32), (1 / np.maximum(flat.std(0), 1e-2)).astype(np.float32)


class Sampler:
    """Draws sequences so that sets and emotions come up more evenly than they are filled."""

    def __init__(
        self, tracks: Sequence[Track], prior: Prior, opinions: Sequence[Array] | None = None, unlabelled: Sequence[Track] = ()
    ) -> None:
        """`opinions`: of the tracks with labels, then of those without, see `opinions.form_opinions`."""
        self._tracks = [*tracks, *unlabelled]
        self._prior = prior
        self._opinions = opinions or [np.zeros((len(track.labels), 0), np.float32) for track in self._tracks]
        some = tracks[:: max(len(tracks) // 100, 1)]
        self._centre, self._scale = fit_sizes([track.taught for track in some], [track.speech for track in some])
        self._places = _places(tracks)
        self._unlabelled = [(len(tracks) + number, clip) for number, clip in _places(unlabelled)]
        kinds = [(tracks[number].person[0], int(tracks[number].labels[clip])) for number, clip in self._places]
        sets: dict[str, int] = {}
        counts: dict[tuple[str, int], int] = {}
        for kind in kinds:
            sets[kind[0]] = sets.get(kind[0], 0) + 1
            counts[kind] = counts.get(kind, 0) + 1
        weight = np.array([sets[kind[0]] ** -0.5 * (counts[kind] / sets[kind[0]]) ** -0.6 for kind in kinds])
        self._chance = weight / weight.sum()

    def __len__(self) -> int:
        return len(self._places)

    def batches(self, draws: int, size: int, generator: np.random.Generator, unlabelled: int = 0) -> Iterator[Batch]:
        """`draws` sequences and so many `unlabelled` in batches of `size`, each of sequences about as long as each other."""
        places = [self._places[index] for index in generator.choice(len(self._places), size=draws, p=self._chance)]
        if unlabelled:
            places += [self._unlabelled[index] for index in generator.integers(len(self._unlabelled), size=unlabelled)]
            places = [places[index] for index in generator.permutation(len(places))]
        sequences = [self._sequence(place, generator) for place in places]
        pool = size * 16
        for start in range(0, len(sequences), pool):
            part = sorted(sequences[start : start + pool], key=self._length)
            groups = [part[first : first + size] for first in range(0, len(part), size)]
            for index in generator.permutation(len(groups)):
                yield self._batch(groups[index], generator)

    def singles(self, size: int) -> Iterator[Batch]:
        """Every labelled clip alone, once, unchanged: for measuring."""
        order = sorted((Turns((place,)) for place in self._places), key=self._length)
        for start in range(0, len(order), size):
            yield self._batch(order[start : start + size], None)

    def dataset(self, place: Place) -> str:
        """Where a clip comes from."""
        return self._tracks[place[0]].person[0]

    def single_places(self) -> list[Place]:
        """The clips in the order in which `singles` gives them."""
        return [turns.places[0] for turns in sorted((Turns((place,)) for place in self._places), key=self._length)]

    def _sequence(self, place: Place, generator: np.random.Generator) -> Turns:
        """The clip, alone or after others of its track: in three of four cases neutral ones."""
        number, clip = place
        idle = int(generator.integers(50, 300)) if generator.random() < 0.25 else 0
        if generator.random() < 0.5:
            return Turns((place,), idle)
        labels = self._tracks[number].labels
        neutral = np.flatnonzero(labels == EMOTIONS.index(NEUTRAL))
        others = neutral if generator.random() < 0.75 and len(neutral) else np.arange(len(labels))
        before = generator.permutation(others[others != clip])[: generator.integers(1, 4)]
        turns = Turns((*((number, int(other)) for other in before), place), idle)
        while len(turns.places) > 1 and self._length(turns) > LONGEST:
            turns = Turns(turns.places[1:], idle)
        return turns

    def _length(self, turns: Turns) -> int:
        return turns.idle + sum(int(np.diff(self._tracks[number].spans[clip][[0, 2]])[0]) for number, clip in turns.places)

    def _batch(self, sequences: Sequence[Turns], generator: np.random.Generator | None) -> Batch:
        length = min(max(map(self._length, sequences)), LONGEST)
        length += length % STEP
        raw = np.tile(SILENCE, (len(sequences), length, 1))
        speech = np.zeros((len(sequences), length), np.float32)
        clip_of = np.full((len(sequences), length), -1)
        valid = np.zeros((len(sequences), length), np.bool_)
        taught = np.zeros((len(sequences), length, len(self._centre)), np.float32)
        labels: list[int] = []
        opinions: list[Array] = []
        weights: list[float] = []
        for row, turns in enumerate(sequences):
            now = 0
            for number, clip in turns.places:
                track = self._tracks[number]
                last = (number, clip) == turns.places[-1]
                if last and turns.idle and generator is not None:
                    raw[row, now : now + turns.idle] = _idle(track, turns.idle, generator)
                    now += turns.idle
                pause, start, stop = track.spans[clip]
                first = int(start) - 8 if generator is None else int(generator.integers(pause, start - 3))
                stop = min(int(stop), first + length - now)
                place = slice(now, now + stop - first)
                raw[row, place] = track.raw[first:stop]
                speech[row, place] = track.speech[first:stop]
                taught[row, place] = (track.taught[first:stop] - self._centre) * self._scale
                clip_of[row, now + max(int(start) - first, 0) : now + stop - first] = len(labels)
                valid[row, place] = True
                labels.append(int(track.labels[clip]))
                opinions.append(self._opinions[number][clip])
                weights.append(1.0 if last else CONTEXT_WEIGHT)
                now += stop - first
        if generator is not None:
            _recolour(raw, generator)
            _gate(raw, speech, generator)
        frames, _ = normalise(raw, self._prior, Heard.nothing(len(sequences)))
        clip_of[clip_of < 0] = len(labels)
        kept = np.ones((len(sequences), 1, STEP_INPUTS), np.float32) if generator is None else _kept(len(sequences), generator)
        return Batch(
            steps=to_steps(frames),
            speech=speech,
            clip=clip_of,
            valid=valid,
            taught=taught,
            labels=np.array(labels),
            opinions=np.array(opinions),
            weights=np.array(weights, np.float32),
            kept=kept,
        )


def _places(tracks: Sequence[Track]) -> list[Place]:
    return [(number, clip) for number, track in enumerate(tracks) for clip in range(len(track.labels))]


def levelled(unlabelled: Sequence[Track], tracks: Sequence[Track]) -> list[Track]:
    """Tracks without labels, what is taught in them moved: on average it is in each of their datasets what it is in `tracks`.

    A dataset recorded with another band or another microphone sounds different to the teacher all through, and over a
    telephone line nobody can hear that.
    """
    usual = _mean(tracks)
    datasets = {track.person[0] for track in unlabelled}
    excess = {name: _mean([track for track in unlabelled if track.person[0] == name]) - usual for name in datasets}
    return [replace(track, taught=_moved(track, -excess[track.person[0]])) for track in unlabelled]


def _mean(tracks: Sequence[Track]) -> Array:
    return mean_of_speech([track.taught for track in tracks], [track.speech for track in tracks])


def _moved(track: Track, shift: Array) -> Taught:
    within = np.zeros(len(track.taught), np.bool_)
    for _, start, stop in track.spans:
        within[start:stop] = True
    return np.where(within[:, None], track.taught + shift, track.taught).astype(np.float16)


def _idle(track: Track, length: int, generator: np.random.Generator) -> Array:
    """What the line gives while nobody speaks: the track's pauses, end to end. Shape (length, RAW)."""
    pauses = np.concatenate([track.raw[pause + 1 : start - 1] for pause, start, _ in track.spans])
    return np.resize(np.roll(pauses, int(generator.integers(len(pauses))), axis=0), (length, RAW)).astype(np.float32)


def _kept(sequences: int, generator: np.random.Generator) -> Array:
    """Bands are hidden (SpecAugment, arXiv 1904.08779), at times all of the pitch or of what was normal so far."""
    place = np.arange(BANDS)
    bands = np.ones((sequences, BANDS), np.float32)
    for _ in range(2):
        low, width = generator.integers(0, BANDS, (2, sequences, 1))
        bands[(place >= low) & (place < low + width // 5)] = 0
    pitch = np.repeat(generator.random((sequences, 1)) > 0.1, OWN - BANDS, axis=1)
    rest = np.repeat(generator.random((sequences, 1)) > 0.1, STEP_INPUTS - STEP * OWN - BANDS, axis=1)
    return np.concatenate([*[bands, pitch] * STEP, bands * rest[:, :1], rest], axis=1, dtype=np.float32)[:, None]


def _gate(raw: Array, speech: Array, generator: np.random.Generator) -> None:
    """Some lines send nothing while nobody speaks (DTX): digital silence there, but close to the speech."""
    near = np.lib.stride_tricks.sliding_window_view(np.pad(speech, ((0, 0), (5, 5))), 11, axis=1).max(-1) > 0.1
    gated = ~near & (generator.random(len(raw)) < 0.15)[:, None]
    raw[gated] = SILENCE


def _recolour(raw: Array, generator: np.random.Generator) -> None:
    """Another microphone and another gain for each sequence: a smooth curve over the bands, and a level."""
    sequences = len(raw)
    place = np.linspace(0, np.pi, BANDS)
    waves = np.stack([np.cos(order * place) for order in (1, 2, 3)])
    curve = generator.normal(0, 0.4, (sequences, 3)) @ waves + generator.normal(0, 1.0, (sequences, 1))
    raw[..., :BANDS] = np.maximum(raw[..., :BANDS] + curve[:, None], SILENCE[:BANDS])
    raw[..., LEVEL] = np.maximum(raw[..., LEVEL] + curve.mean(1)[:, None], SILENCE[LEVEL])
