"""What the engine heard of each call, kept in a folder: inference is dear, and is done once for each setting of the engine."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from lab.calls.labelled import LabelledCall
from lab.hearing.hearing import Hearing, LegHeard
from lab.hearing.listeners import Listeners, Unheard
from lab.hearing.takes import Take
from monitor import __version__
from monitor.config import Settings
from monitor.errors import StoreError
from monitor.events import Frames, Leg, LegReport
from monitor.frame_format import LegFormat
from monitor.pipeline.windows import Geometry

ARRAYS = ("embedding", "logits", "speech", "marks")
FORMAT = 1
"""Of the files; another number makes files of before strangers."""


def hear_all(
    listeners: Listeners, settings: Settings, takes: Sequence[Take], folder: Path, heard: Callable[[], object]
) -> list[Path | Unheard]:
    """A file for each take, of those heard before the same; `heard` is told after each.

    `listeners` were opened with `settings`. Raises `ConfigError` where the settings forbid to hear a take, and `StoreError`
    where a file cannot be written.
    """
    files = [folder / f"{take.path.stem}-{_key(listeners, settings, take)}.npz" for take in takes]
    missing = [take for take, file in zip(takes, files, strict=True) if not file.exists()]
    new = iter(listeners.hear(missing, embeddings=True))
    found: list[Path | Unheard] = []
    for file in files:
        if not file.exists():
            _, hearing = next(new)
            if isinstance(hearing, Unheard):
                found.append(hearing)
                heard()
                continue
            write(hearing, file)
        found.append(file)
        heard()
    return found


def take_of(call: LabelledCall) -> Take:
    """A call as it is."""
    return Take(call.audio, call.legs)


def write(hearing: Hearing, file: Path) -> None:
    """The frames of a hearing, whole or not at all. Raises `StoreError`."""
    legs = {leg: {"format": asdict(heard.format), "audio": asdict(heard.audio)} for leg, heard in hearing.legs.items()}
    about = json.dumps({"call": hearing.call, "seconds": hearing.seconds, "legs": legs})
    arrays = {f"{leg}.{name}": _small(name, heard) for leg, heard in hearing.legs.items() for name in ARRAYS}
    part = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            np.savez(stream, about=np.array(about), **arrays)  # type: ignore[arg-type]
        part.replace(file)
    except OSError as error:
        raise StoreError(f"{file}: frames cannot be kept: {error.strerror}; name another folder with --cache") from None


def read(file: Path) -> Hearing:
    """A hearing of which nothing is told yet: `analysed_anew` does. Raises `StoreError` where the file is corrupted."""
    try:
        with np.load(file, allow_pickle=False) as data:
            about = json.loads(str(data["about"]))
            legs = {leg: _leg(about["call"], leg, told, data) for leg, told in about["legs"].items()}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise StoreError(f"{file}: cannot be read: {error}; delete it, and the call is heard again") from None
    return Hearing(about["call"], about["seconds"], legs, ())


def _leg(call: str, leg: Leg, told: Mapping[str, Any], data: Mapping[str, Any]) -> LegHeard:
    format_ = LegFormat(**told["format"])
    embedding, logits, speech, marks = (data[f"{leg}.{name}"] for name in ARRAYS)
    nothing = np.zeros(0, np.float32)
    return LegHeard(
        frames=Frames(call, leg, 0, embedding.astype(np.float32), logits, speech, marks, format_.stride),
        format=format_,
        emotion=(),
        posterior=nothing.reshape(0, format_.classes),
        valence=nothing,
        arousal=nothing,
        audio=LegReport(**told["audio"]),
    )


def _small(name: str, leg: LegHeard) -> np.ndarray:
    """Embeddings were rounded to the precision of the store already."""
    array = getattr(leg.frames, name)
    return np.asarray(array.astype(leg.format.dtype) if name == "embedding" else array)


def _key(listeners: Listeners, settings: Settings, take: Take) -> str:
    """Of all that the frames of a take depend on."""
    with take.path.open("rb") as audio:
        sound = file_digest(audio, "sha256").hexdigest()
    geometry = Geometry.of(settings.engine, listeners.info)
    kept = (settings.store.embedding_dtype, settings.store.embedding_rate, settings.privacy.model_dump(mode="json"))
    about = [FORMAT, __version__, asdict(listeners.info), asdict(geometry), settings.engine.device, kept, take.legs, sound]
    return sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:20]
