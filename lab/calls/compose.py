"""Labelled calls made of labelled clips, by a seed: real voices, and moments of change that are known to the sample.

A call: one speaker as the customer, another (of the same dataset where there is one, always neutral) as the agent, turn by turn
with pauses. The customer's turns come in blocks of one emotion: a quarter of the calls stay neutral, two in five turn and
return, the others turn and turn again. What is written is clean; a telephone line is laid over it when it is heard.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from lab.labels import Clip
from lab.sound import mono
from monitor.audio.chunk import Samples
from monitor.errors import ConfigError
from monitor.events import Leg
from monitor.timeline import SAMPLE_RATE

NEUTRAL = "neutral"
TURNS_TO = ("angry", "sad", "happy", "fearful")
FEWEST = 3
"""Clips of an emotion that a speaker must have for it."""
QUIET = 0.02
"""Of a clip's peak: what is softer at its edges is cut, down to `EDGE` seconds."""
EDGE = 0.08

Voices = Mapping[tuple[str, str], Mapping[str, Sequence[Clip]]]
"""Clips by person and emotion."""


@dataclass(slots=True)
class _Call:
    """A call as it is put together."""

    generator: np.random.Generator
    now: float
    voices: dict[Leg, list[tuple[float, Samples]]] = field(default_factory=lambda: {"customer": [], "agent": []})
    segments: list[dict[str, object]] = field(default_factory=list)
    changes: list[dict[str, object]] = field(default_factory=list)

    def speak(self, leg: Leg, clips: Sequence[Clip], emotion: str) -> None:
        """One of the clips, at random, from `now` on."""
        sound = _spoken(mono(clips[int(self.generator.integers(len(clips)))].path))
        self.voices[leg].append((self.now, sound))
        end = self.now + len(sound) / SAMPLE_RATE
        self.segments.append({"channel": leg, "start": round(self.now, 3), "end": round(end, 3), "emotion": emotion})
        self.now = end

    def pause(self, least: float, most: float) -> None:
        """Nobody speaks for so many seconds."""
        self.now += self.generator.uniform(least, most)

    def sound(self) -> NDArray[np.float32]:
        """Shape (n, 2): customer, agent."""
        samples = np.zeros((round((self.now + 1.0) * SAMPLE_RATE), 2), np.float32)
        for channel, said in enumerate(self.voices.values()):
            for start, clip in said:
                first = round(start * SAMPLE_RATE)
                samples[first : first + len(clip), channel] += clip
        return np.clip(samples, -1.0, 1.0)


def write_calls(clips: Sequence[Clip], folder: Path, calls: int, seed: int) -> list[Path]:
    """Compose calls and write `call-SEED-NUMBER.flac` and `.json` each; the JSON files. The same seed, the same calls.

    Raises `ConfigError` where nobody has `FEWEST` neutral clips and as many of another emotion, or there is but one person.
    """
    voices = _voices(clips)
    callers = [person for person in voices if _moods(voices[person])]
    if not callers or len(voices) < 2:
        raise ConfigError(
            f"these clips make no call: it takes two speakers with {FEWEST} neutral clips each, one of them with {FEWEST} of "
            f"{', '.join(TURNS_TO)}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(voices, callers, folder, seed, number) for number in range(calls)]


def _voices(clips: Sequence[Clip]) -> Voices:
    people: dict[tuple[str, str], dict[str, list[Clip]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        people[clip.person][clip.emotion].append(clip)
    return {person: people[person] for person in sorted(people) if len(people[person].get(NEUTRAL, ())) >= FEWEST}


def _moods(voice: Mapping[str, Sequence[Clip]]) -> list[str]:
    return [emotion for emotion in TURNS_TO if len(voice.get(emotion, ())) >= FEWEST]


def _write(voices: Voices, callers: Sequence[tuple[str, str]], folder: Path, seed: int, number: int) -> Path:
    generator = np.random.default_rng([seed, number])
    customer = callers[int(generator.integers(len(callers)))]
    others = [person for person in voices if person != customer]
    near = [person for person in others if person[0] == customer[0]] or others
    agent = near[int(generator.integers(len(near)))]
    call = _Call(generator, now=float(generator.uniform(0.5, 1.5)))
    before: str | None = None
    for emotion, turns in _blocks(_moods(voices[customer]), generator):
        for turn in range(turns):
            if turn == 0 or generator.random() < 0.5:
                call.speak("agent", voices[agent][NEUTRAL], NEUTRAL)
                call.pause(0.2, 0.9)
            if turn == 0 and before not in (None, emotion):
                call.changes.append({"channel": "customer", "time": round(call.now, 3), "from": before, "to": emotion})
            for _ in range(int(generator.integers(1, 4))):
                call.speak("customer", voices[customer][emotion], emotion)
                call.pause(0.15, 0.6)
            call.pause(0.1, 0.6)
        before = emotion
    sound = call.sound()
    file = folder / f"call-{seed:03d}-{number:03d}.json"
    soundfile.write(file.with_suffix(".flac"), sound, SAMPLE_RATE, subtype="PCM_16")
    document = {
        "seconds": round(len(sound) / SAMPLE_RATE, 3),
        "channels": list(call.voices),
        "speaker": customer[1],
        "dataset": customer[0],
        "lang": voices[customer][NEUTRAL][0].lang,
        "segments": call.segments,
        "changes": call.changes,
    }
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return file


def _blocks(moods: Sequence[str], generator: np.random.Generator) -> Iterator[tuple[str, int]]:
    """Emotions of the customer, and turns of each."""
    kind = generator.random()
    angry = "angry" in moods and generator.random() < 0.55
    first = "angry" if angry else moods[int(generator.integers(len(moods)))]
    second = moods[int(generator.integers(len(moods)))]
    then = NEUTRAL if kind < 0.65 or second == first else second
    emotions = [NEUTRAL, NEUTRAL] if kind < 0.25 else [NEUTRAL, first, then]
    return ((emotion, int(generator.integers(4, 8))) for emotion in emotions)


def _spoken(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > QUIET * (np.abs(samples).max() + 1e-9))
    if len(loud) == 0:
        return samples
    edge = round(EDGE * SAMPLE_RATE)
    return samples[max(int(loud[0]) - edge, 0) : int(loud[-1]) + edge]
