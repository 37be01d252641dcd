"""One way or more to open each source of the registry, for the conformance suite.

A new source adds a function here that opens it on a second or two of real input, and a line in `CASES`.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import soundfile

from monitor.config import Settings
from monitor.conformance.sources import SECONDS, Opened, SourceCase
from monitor.events import Leg
from monitor.sources.base import Source
from monitor.sources.incoming.pushed import PushedSource
from monitor.sources.registry import open_source
from tests.conformance.rtp_cases import captured, received
from tests.sound_server import running_sound_server


def voices(rate: int, channels: int = 2) -> np.ndarray:
    at = np.arange(int(SECONDS * rate)) / rate
    return np.stack([0.4 * np.sin(2 * np.pi * 200 * (1 + channel) * at) for channel in range(channels)], axis=1)


def file(name: str, rate: int, channels: int = 2, damaged: bool = False, **options: Any) -> Opened:
    @contextmanager
    def opened(folder: Path) -> Iterator[Source]:
        samples = voices(rate, channels)
        if damaged:
            samples[rate : rate + rate // 5] = np.nan
        soundfile.write(folder / name, samples, rate, subtype="FLOAT" if damaged else None)
        yield open_source("file", {"path": folder / name, **options}, Settings())

    return opened


@contextmanager
def opus_in_ogg(folder: Path) -> Iterator[Source]:
    if shutil.which("ffmpeg") is None:
        pytest.skip("making an Opus file needs: apt install ffmpeg")
    soundfile.write(folder / "x.wav", voices(48_000), 48_000)
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", folder / "x.wav", "-c:a", "libopus", folder / "x.opus"], check=True)
    yield open_source("file", {"path": folder / "x.opus"}, Settings())


def pipe(realtime: bool) -> Opened:
    @contextmanager
    def opened(folder: Path) -> Iterator[Source]:
        del folder
        read, write = os.pipe()
        data = (voices(8_000) * 32_767).astype("<i2").tobytes()

        def feed() -> None:
            # A source that was stopped leaves the rest in the pipe, and closing it ends the writer.
            with os.fdopen(write, "wb", buffering=0) as sink, _ignoring_a_closed_pipe():
                for start in range(0, len(data), 1_000):
                    sink.write(data[start : start + 1_000])

        feeder = threading.Thread(target=feed)
        feeder.start()
        with os.fdopen(read, "rb") as stream, patch.object(sys, "stdin", stream):
            yield open_source("stdin", {"rate": 8_000, "channels": 2, "realtime": realtime}, Settings())
        feeder.join()

    return opened


@contextmanager
def _ignoring_a_closed_pipe() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        return


def microphone(channels: int) -> Opened:
    @contextmanager
    def opened(folder: Path) -> Iterator[Source]:
        with running_sound_server(folder) as server, patch.dict(os.environ, server.environment):
            import sounddevice

            # PortAudio looks for devices once, when it is initialised.
            sounddevice._terminate()
            sounddevice._initialize()
            yield open_source("microphone", {"device": "callmon", "channels": channels}, Settings())

    return opened


def pushed(rate: int, legs: tuple[Leg, ...], hurried: bool = False) -> Opened:
    """In messages of 20 ms, the legs in turns, at the speed of the clock or all at once."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Source]:
        del folder
        source = PushedSource(legs, rate, "s16le", "pushed")
        samples = (voices(rate, len(legs)) * 32_767).astype("<i2")
        over = threading.Event()

        def push() -> None:
            for start in range(0, len(samples), rate // 50):
                for place, leg in enumerate(legs):
                    source.push(leg, samples[start : start + rate // 50, place].tobytes())
                if over.wait(0 if hurried else 0.02):
                    return
            source.end()

        pusher = threading.Thread(target=push)
        pusher.start()
        yield source
        over.set()
        pusher.join()

    return opened


CASES = [
    SourceCase("file-wav-mono-8k", "file", file("x.wav", 8_000, channels=1)),
    SourceCase("file-wav-stereo-44k", "file", file("x.wav", 44_100)),
    SourceCase("file-flac-stereo-8k", "file", file("x.flac", 8_000)),
    SourceCase("file-flac-legs-swapped", "file", file("x.flac", 16_000, legs="agent,customer")),
    SourceCase("file-mp3-stereo", "file", file("x.mp3", 16_000)),
    SourceCase("file-opus-ogg", "file", opus_in_ogg),
    SourceCase("file-wav-with-nan", "file", file("x.wav", 8_000, damaged=True)),
    SourceCase("file-realtime", "file", file("x.wav", 8_000, realtime=True)),
    SourceCase("pcap-both-ways", "pcap", captured(voices(8_000))),
    SourceCase("rtp-two-ports", "rtp", received(voices(8_000))),
    SourceCase("stdin", "stdin", pipe(realtime=False)),
    SourceCase("stdin-realtime", "stdin", pipe(realtime=True)),
    SourceCase("pushed-one-leg-8k", "pushed", pushed(8_000, ("customer",))),
    SourceCase("pushed-two-legs-44k", "pushed", pushed(44_100, ("customer", "agent"))),
    SourceCase("pushed-at-once", "pushed", pushed(8_000, ("agent", "customer"), hurried=True)),
    SourceCase("microphone-mono", "microphone", microphone(1), endless=True, ends_as="stopped"),
    SourceCase("microphone-stereo", "microphone", microphone(2), endless=True, ends_as="stopped"),
]
