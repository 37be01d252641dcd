"""Finds labelled calls in a folder or a file, whichever of the formats they are in, and checks them against their audio."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import soundfile
from pydantic import ValidationError

from lab.calls import composed, zed
from lab.calls.labelled import LabelledCall
from monitor.errors import ConfigError
from monitor.validation import first_sentence

AUDIO = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a")
"""Endings looked for beside `NAME.json`, in this order."""
DIFFERENCE = 0.2
"""Seconds by which the audio may be longer or shorter than its labels say."""


def holds_calls(path: Path) -> bool:
    """Whether there are label files of calls in a folder, or `path` is one itself. They may still be wrong."""
    return path.suffix == ".json" if path.is_file() else next(path.glob("*.json"), None) is not None


def read_calls(path: Path) -> list[LabelledCall]:
    """All calls of a folder of `NAME.json` (composed calls) or of a `ZED.json`, or those of one such file, by name.

    Raises `ConfigError` naming the file and what is wrong in it: not JSON, labels that overlap or lie outside of the audio, an
    unknown emotion, audio that is missing or of another length.
    """
    files = [path] if path.is_file() else sorted(path.glob("*.json"))
    if not files:
        raise ConfigError(
            f"{path}: holds no labelled call; a call is NAME.json with its segments beside NAME.wav, or a ZED.json"
        )
    calls = [call for file in files for call in _read(file)]
    seen: dict[str, LabelledCall] = {}
    for call in calls:
        if (other := seen.setdefault(call.name, call)) is not call:
            raise ConfigError(f"{path}: two calls are called {call.name}: {other.audio} and {call.audio}; names must differ")
        _check_audio(call)
    return calls


def _read(file: Path) -> Iterator[LabelledCall]:
    data = _json(file)
    if zed.looks_like(data):
        for name, item in data.items():
            try:
                yield zed.parse(item, name, file.parent)
            except ValueError as error:
                raise ConfigError(f"{file}: {name}: {_explain(error)}") from None
        return
    try:
        yield composed.parse(data, file.stem, _audio_beside(file))
    except ValueError as error:
        raise ConfigError(f"{file}: {_explain(error)}") from None


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: cannot be read as JSON: {error}") from None


def _audio_beside(file: Path) -> Path:
    for ending in AUDIO:
        if (audio := file.with_suffix(ending)).is_file():
            return audio
    raise ConfigError(f"{file}: there is no {file.with_suffix('.wav').name} beside it; put the call's audio there")


def _check_audio(call: LabelledCall) -> None:
    """By its header, where libsndfile knows the format; the length of others is checked as they are heard."""
    if not call.audio.is_file():
        raise ConfigError(f"{call.name}: there is no file {call.audio}")
    try:
        info = soundfile.info(call.audio)
    except soundfile.LibsndfileError:
        return
    if info.channels != len(call.legs):
        raise ConfigError(f"{call.audio}: has {info.channels} channels, and its labels name {', '.join(call.legs)}")
    check_length(call, info.duration)


def check_length(call: LabelledCall, seconds: float) -> None:
    """Raises `ConfigError` where the call's audio, `seconds` long, is not what its labels are of."""
    if abs(seconds - call.seconds) > DIFFERENCE:
        raise ConfigError(f"{call.audio}: is {seconds:.2f} s long, and its labels say {call.seconds:.2f} s")


def _explain(error: ValueError) -> str:
    return first_sentence(error.errors(), "the file") if isinstance(error, ValidationError) else str(error)
