"""What is a voice, learned once more when the network is done: neither tones nor music are.

The network learned of speech from voices and pauses alone, and takes most of what rings for a voice. Here a layer of its own is
fitted on the last layer of the finished network, so that embeddings and logits stay what they were, to the bit. What it learns
from is made in this file: clips over telephone lines, tones, melodies, music, what rings before somebody speaks, and
recordings of lines, where there are some, of which Silero says when somebody speaks.
"""

import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from lab.labels import EMOTIONS, HELD_SHARE, Clip, held_out, read_clips
from lab.lines.line import active_level, coloured, draw_line, through_line
from lab.training.clips import read_audio
from lab.training.melody import melody
from lab.training.render import Progress, read_recordings, spoken
from lab.training.tones import SIGNALS, TONES, any_tone, tone
from monitor.audio.speech import SpeechDetector
from monitor.engines.compact.features import Array, frames_of
from monitor.engines.compact.network import STEP, STEP_INPUTS, Network, to_steps
from monitor.engines.compact.normalise import Heard, normalise
from monitor.engines.compact.weights import Weights, load_weights, save_weights
from monitor.timeline import FRAME_RATE, FRAME_SAMPLES, SAMPLE_RATE

SECONDS = 10.0
"""Of every piece that is made."""
PIECES: Mapping[str, int] = {
    "voice": 250,
    "voice after a tone": 120,
    "tone": 84,
    "any tone": 60,
    "melody": 70,
    "music": 60,
    "noise": 20,
}
"""How many pieces of each kind are heard."""
_SONG = 60.0
"""Seconds of each file of music."""
_EPOCHS, _BATCH, _RATE, _DECAY = 10, 512, 2e-3, 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """What pieces are made of."""

    clips: Sequence[Clip]
    noises: Sequence[Array] = ()
    """Recordings of places, each shape (n,), 16 kHz."""
    music: Sequence[Array] = ()
    """Recordings of music, likewise; without any there is less to tell it by."""
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some seconds of a line."""

    samples: Array
    """Shape (n,), 16 kHz."""
    speech: Array = field(repr=False)
    """Whether somebody speaks, shape (n // 320,), 0 or 1."""


def train_speech(
    start: Path,
    clips: Path,
    out: Path,
    *,
    progress: Progress,
    noise: Path | None = None,
    music: Path | None = None,
    lines: Path | None = None,
    hidden: int = 32,
    seed: int = 1,
    threads: int = 1,
) -> Weights:
    """`fit_speech` from folders to a file; the people whom the weights of `start` kept apart are kept apart.

    Raises ConfigError where the clips cannot be used, EngineError where the weights cannot.
    """
    torch.set_num_threads(1)  # products this small cost more shared than alone
    weights = load_weights(start, STEP_INPUTS)
    everyone = read_clips(clips, EMOTIONS)
    held = held_out(everyone, HELD_SHARE) if weights.kept_apart else set()
    heard = [clip for clip in everyone if clip.person not in held]
    songs = [song[: round(_SONG * SAMPLE_RATE)] for song in read_recordings(music)]
    recorded = read_recordings(lines)
    fitted = fit_speech(weights, Sounds(heard, read_recordings(noise), songs, seed), recorded, hidden, progress, threads)
    save_weights(out, fitted)
    return fitted


def fit_speech(
    weights: Weights, sounds: Sounds, lines: Sequence[Array], hidden: int, progress: Progress, processes: int = 1
) -> Weights:
    """The weights with a layer of its own for speech, of `hidden` units, and everything else as it was.

    `lines`: recordings of calls, each shape (n,), 16 kHz, of which Silero says when somebody speaks.
    """
    pieces = make_pieces(sounds, progress, processes)
    for number, line in enumerate(lines, start=1):
        pieces.append(judged(line))
        progress("hearing lines", number, len(lines))
    steps, spoken_in = (np.concatenate(each) for each in zip(*(_steps(piece, weights) for piece in pieces), strict=True))
    progress("fitting", 0, 1, f"{len(steps)} steps")
    tensors = {name: tensor for name, tensor in weights.tensors.items() if not name.startswith("speech.")}
    about = {**weights.about, "speech": {"pieces": dict(PIECES), "music": len(sounds.music), "lines": len(lines)}}
    return replace(
        weights,
        tensors=tensors | _fitted(steps, spoken_in, hidden, sounds.seed),
        shape=replace(weights.shape, speech=hidden),
        about=about,
    )


def make_pieces(sounds: Sounds, progress: Progress, processes: int = 1) -> list[Piece]:
    """All pieces of `PIECES`, each by its own chance. Without music, melodies stand in for it."""
    wanted = [(kind, number) for kind, count in PIECES.items() for number in range(count)]
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(sounds,)) as pool:
        pieces = []
        for piece in pool.map(_make, *zip(*wanted, strict=True), chunksize=4):
            pieces.append(piece)
            progress("making pieces", len(pieces), len(wanted))
    return pieces


def judged(line: Array) -> Piece:
    """A recording of a line, and when somebody speaks by Silero."""
    samples = line[: len(line) // FRAME_SAMPLES * FRAME_SAMPLES]
    detector = SpeechDetector()
    speech = np.concatenate([detector.update(samples), detector.finish()])
    return Piece(samples, np.asarray(speech >= 0.5, dtype=np.float32))


_sounds: Sounds


def _begin(sounds: Sounds) -> None:
    global _sounds
    _sounds = sounds


def _make(kind: str, number: int) -> Piece:
    generator = np.random.default_rng([_sounds.seed, zlib.crc32(kind.encode()), number])
    samples, speech = _dry(kind, number, generator)
    line = draw_line(generator)
    if not speech.any():  # nobody's voice, so no other vocal tract, room or microphone that is shouted at
        line = replace(line, speed=1.0, echo=0.0, clipping=0.0, snr=float(generator.uniform(15, 60)))
    noise = _noise(line.noise, len(samples), generator)
    return Piece(through_line(samples, line, noise, generator)[: len(samples)], speech)


def _dry(kind: str, number: int, generator: np.random.Generator) -> tuple[Array, Array]:
    """Samples before the line, and whether somebody speaks."""
    silent = np.zeros(round(SECONDS * FRAME_RATE), np.float32)
    match kind:
        case "voice":
            return _voice(generator)
        case "voice after a tone":
            voice, speech = _voice(generator)
            before = int(generator.integers(3, 8))
            rings = _ring(number, before, generator) if generator.random() < 0.7 else melody(before, generator)
            rings = rings * np.float32(generator.uniform(0.3, 2) * active_level(voice) / active_level(rings))
            length = round(SECONDS * FRAME_RATE)
            frames = np.concatenate([np.zeros(before * FRAME_RATE, np.float32), speech])[:length]
            return np.concatenate([rings, voice])[: length * FRAME_SAMPLES], frames
        case "tone":
            return _ring(number, SECONDS, generator), silent
        case "any tone":
            return any_tone(SECONDS, generator), silent
        case "music" if _sounds.music:
            return _stretch(_sounds.music[number % len(_sounds.music)], round(SECONDS * SAMPLE_RATE), generator), silent
        case "melody" | "music":
            return melody(SECONDS, generator), silent
        case _:
            return coloured(float(generator.choice([0, -1, -2])), round(SECONDS * SAMPLE_RATE), generator), silent


def _ring(number: int, seconds: float, generator: np.random.Generator) -> Array:
    """One of the tones and signals of a line, in turn."""
    names = [*TONES, *SIGNALS]
    name = names[number % len(names)]
    return tone(TONES[name], seconds) if name in TONES else SIGNALS[name](seconds, generator)


def _voice(generator: np.random.Generator) -> tuple[Array, Array]:
    """One person's clips with pauses; datasets alike often, people of each alike."""
    datasets = sorted({clip.dataset for clip in _sounds.clips})
    dataset = datasets[int(generator.integers(len(datasets)))]
    people = sorted({clip.person for clip in _sounds.clips if clip.dataset == dataset})
    person = people[int(generator.integers(len(people)))]
    clips = [clip for clip in _sounds.clips if clip.person == person]
    parts: list[Array] = []
    speech: list[Array] = []
    length = round(SECONDS * FRAME_RATE)
    while sum(map(len, speech)) < length:
        voice = read_audio(clips[int(generator.integers(len(clips)))].path) * np.float32(10 ** (generator.normal(0, 1) / 20))
        voice = np.pad(voice, (0, -len(voice) % FRAME_SAMPLES))
        pause = int(generator.integers(8, 60))
        parts += [np.zeros(pause * FRAME_SAMPLES, np.float32), voice]
        speech += [np.zeros(pause, np.float32), spoken(voice)]
    return np.concatenate(parts)[: length * FRAME_SAMPLES], np.concatenate(speech)[:length]


def _noise(kind: str, length: int, generator: np.random.Generator) -> Array:
    if kind == "babble":
        voices = [read_audio(_sounds.clips[int(index)].path) for index in generator.integers(len(_sounds.clips), size=6)]
        babble = np.mean([np.resize(voice / (voice.std() + 1e-6), length) for voice in voices], axis=0)
        return np.asarray(babble, dtype=np.float32)
    if kind == "place" and _sounds.noises:
        return _stretch(_sounds.noises[int(generator.integers(len(_sounds.noises)))], length, generator)
    return coloured(-1.5 if kind == "place" else float(kind), length, generator)


def _stretch(recording: Array, length: int, generator: np.random.Generator) -> Array:
    """From somewhere in a recording on, again from its beginning where it is too short."""
    return np.resize(np.roll(recording, -int(generator.integers(len(recording)))), length).astype(np.float32)


def _steps(piece: Piece, weights: Weights) -> tuple[Array, Array]:
    """What the network makes of a piece, shape (n, channels), and whether somebody speaks in the frames of each step."""
    network = Network(weights)
    count = len(piece.speech) // STEP
    frames = frames_of(piece.samples[: count * STEP * FRAME_SAMPLES])[None]
    normal, _ = normalise(frames, weights.prior, Heard.nothing())
    inputs = np.pad(network.standardised(to_steps(normal)), ((0, 0), (0, weights.shape.delay), (0, 0)))
    top, _ = network.top(inputs, network.blank(1))
    return top[0, weights.shape.delay :], piece.speech[: count * STEP].reshape(count, STEP)


def _fitted(steps: Array, speech: Array, hidden: int, seed: int) -> dict[str, Array]:
    torch.manual_seed(seed)
    first, last = torch.nn.Linear(steps.shape[1], hidden), torch.nn.Linear(hidden, STEP)
    optimiser = torch.optim.AdamW([*first.parameters(), *last.parameters()], lr=_RATE, weight_decay=_DECAY)
    batches = len(steps) // _BATCH
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _EPOCHS * batches)
    inputs, targets = torch.from_numpy(steps), torch.from_numpy(speech)
    for _ in range(_EPOCHS):
        for chosen in torch.randperm(len(steps))[: batches * _BATCH].reshape(batches, _BATCH):
            said = last(functional.relu(first(inputs[chosen])))
            optimiser.zero_grad()
            functional.binary_cross_entropy_with_logits(said, targets[chosen]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    named = {
        "hidden.weight": first.weight.T,
        "hidden.bias": first.bias,
        "output.weight": last.weight.T,
        "output.bias": last.bias,
    }
    return {f"speech.{name}": np.ascontiguousarray(tensor.detach().numpy(), np.float32) for name, tensor in named.items()}
