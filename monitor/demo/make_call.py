"""Renders the demonstration's call with espeak-ng: an agent who stays neutral, and a customer who grows angry and calms down.

`python -m monitor.demo.make_call [FOLDER]` writes `call.flac` and `call.json` there, by default in place of those that ship
with the program. The same version of espeak-ng gives the same bytes (rendered with 1.51).
"""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

RATE = 8_000
"""Hz: a telephone call."""
LEAD_IN = 1.5
"""Seconds of the line before the first word, and after the last."""
LINE_NOISE = 0.0001
"""Root mean square of the noise on the line (-80 dB), so that pauses are not digital silence."""

STEPS = 1 << 13
"""Quantisation steps to full scale: those of the telephone's mu-law, which keeps the file small."""

Speaker = Literal["customer", "agent"]
Mood = Literal["neutral", "irritated", "angry", "calmed"]


@dataclass(frozen=True)
class Voice:
    """How a mood sounds in one speaker."""

    name: str
    """espeak-ng voice and variant."""
    rate: int
    """Words a minute."""
    pitch: int
    """espeak-ng's scale, 0 to 99."""
    range: str
    """Pitch range (SSML), relative to the voice's own."""
    level: float
    """Root mean square of the speech, 1 being full scale."""
    press: float
    """Gain into a soft limiter: pressed voices have more of their energy in the high harmonics, as shouting has."""


AGENT = Voice("en-us+f3", rate=160, pitch=48, range="90%", level=0.05, press=0.5)
CUSTOMER: dict[Mood, Voice] = {
    "neutral": Voice("en-gb+m3", rate=150, pitch=34, range="70%", level=0.04, press=0.5),
    "irritated": Voice("en-gb+m3", rate=180, pitch=58, range="130%", level=0.08, press=3),
    "angry": Voice("en-gb+m3", rate=205, pitch=92, range="200%", level=0.2, press=8),
    "calmed": Voice("en-gb+m3", rate=145, pitch=32, range="70%", level=0.04, press=0.5),
}

SCRIPT: list[tuple[Speaker, Mood, float, str]] = [
    ("agent", "neutral", 0.0, "Good morning, this is Anna from customer service. How can I help you?"),
    ("customer", "neutral", 0.7, "Hello, this is Peter Miller. I am calling about my new router. It came on Monday."),
    ("agent", "neutral", 0.6, "Thank you, mister Miller. What is wrong with the router?"),
    ("customer", "neutral", 0.6, "The lights are on, but there is no connection. I have tried it with two cables."),
    ("agent", "neutral", 0.7, "I see. Please switch the router off, wait ten seconds, and switch it on again."),
    ("customer", "irritated", 0.6, "I have done that already. I did it three times yesterday with one of your colleagues."),
    ("agent", "neutral", 0.7, "I understand. I am afraid that I can not see a note about that call."),
    (
        "customer",
        "angry",
        0.3,
        "What? There is no note? I was on the phone with you for a whole hour! Nobody wrote anything down?",
    ),
    ("agent", "neutral", 0.5, "I am sorry about that. The next free technician could come to you on Thursday."),
    (
        "customer",
        "angry",
        -1.2,
        "No! Not on Thursday! I work from home and I need this line today! You always tell me the same thing!",
    ),
    (
        "customer",
        "angry",
        0.4,
        "I pay every month and nothing works! This is a disgrace! I want to talk to your manager, right now!",
    ),
    ("agent", "neutral", 0.8, "You are right, and I apologise. Let me see what I can do. One moment, please."),
    (
        "agent",
        "neutral",
        2.2,
        "A technician had a cancellation. He can be with you at two o'clock today, and this month is free of charge.",
    ),
    ("customer", "irritated", 0.8, "Today at two? Are you sure that he will come?"),
    ("agent", "neutral", 0.6, "Yes, I have booked it, and you will get a message with his name in a minute."),
    ("customer", "calmed", 0.8, "All right. Thank you, that helps me. I have the message now."),
    ("agent", "neutral", 0.6, "Thank you for your patience, mister Miller. Have a good day."),
    ("customer", "calmed", 0.5, "Thank you, Anna. Goodbye."),
]
"""Speaker, mood, seconds after the end of the turn before (below 0: talking over it), and the words."""


@dataclass(frozen=True)
class Turn:
    """One stretch of speech of the call."""

    start: float
    """Seconds."""
    end: float
    leg: Speaker
    mood: Mood
    text: str


def say(text: str, voice: Voice) -> NDArray[np.float32]:
    """Speech at 8 kHz, shape (n,), without the silence around it."""
    markup = f'<speak><prosody range="{voice.range}">{text}</prosody></speak>'
    command = ["espeak-ng", "-m", "-v", voice.name, "-s", str(voice.rate), "-p", str(voice.pitch), "--stdout", markup]
    rendered = subprocess.run(command, capture_output=True, check=True).stdout
    samples, rate = soundfile.read(io.BytesIO(rendered), dtype="float32")
    speech: NDArray[np.float32] = soxr.resample(samples, rate, RATE)
    heard = np.flatnonzero(np.abs(speech) > 0.01)
    speech = speech[heard[0] : heard[-1] + 1]
    pressed = np.tanh(speech * voice.press) / np.tanh(voice.press)
    return np.asarray(pressed * voice.level / np.sqrt(np.mean(pressed**2)), np.float32)


def place() -> Iterator[tuple[Turn, NDArray[np.float32]]]:
    """Each turn of the script with its sound, one after another."""
    end = LEAD_IN
    for speaker, mood, pause, text in SCRIPT:
        speech = say(text, AGENT if speaker == "agent" else CUSTOMER[mood])
        start = end + pause
        end = start + len(speech) / RATE
        yield Turn(round(start, 2), round(end, 2), speaker, mood, text), speech


def render(folder: Path) -> None:
    """Write `call.flac` and `call.json` into `folder`."""
    turns = list(place())
    length = int((max(turn.end for turn, _ in turns) + LEAD_IN) * RATE)
    call = np.random.default_rng(0).normal(0, LINE_NOISE, (length, 2))
    for turn, speech in turns:
        start = round(turn.start * RATE)
        call[start : start + len(speech), 0 if turn.leg == "customer" else 1] += speech
    quantised = np.round(np.clip(call, -1, 1 - 1 / STEPS) * STEPS) / STEPS
    soundfile.write(folder / "call.flac", quantised, RATE, subtype="PCM_16", compression_level=1.0)
    lines = ",\n".join(f"  {json.dumps(asdict(turn))}" for turn, _ in turns)
    (folder / "call.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    if shutil.which("espeak-ng") is None:
        sys.exit("espeak-ng is not installed: apt install espeak-ng (only needed to render the call again)")
    render(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
