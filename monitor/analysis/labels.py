"""Labels of one's own: a CSV file of moments of stored calls, or of files, with what somebody says each is."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.analysis.embedding import Embedding, load
from monitor.analysis.errors import ExamplesError
from monitor.analysis.extract import Wanted, extract
from monitor.analysis.moment import StoreOrOpener, resolve
from monitor.config import Settings
from monitor.errors import MonitorError

_LARGEST = 64 * 2**20
"""Bytes of a file of labels."""
_MOMENT = {"call", "leg", "start", "end"}


@dataclass(frozen=True, slots=True)
class LabelledExample:
    """A line of the file."""

    line: int
    label: str
    name: str
    """The path of a file, or the moment of a call."""
    file: Path | None
    """None of a moment."""
    call: str
    speaker: str
    """Empty where the file does not say."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """An example and its embedding."""

    example: LabelledExample
    embedding: Embedding


@dataclass(frozen=True, slots=True)
class Unused:
    """An example of which there is no embedding."""

    example: LabelledExample
    reason: str


def read_labels(path: Path) -> list[LabelledExample]:
    """The lines of a CSV file with the columns `call, leg, start, end, label` (seconds), or `file, label`; and `speaker`, where
    somebody knows. Files are relative to the CSV file. Raises `ExamplesError`, with the line, for all that is wrong.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ExamplesError(f"{path}: larger than {_LARGEST // 2**20} MB")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except FileNotFoundError:
        raise ExamplesError(f"there is no file of labels {path}") from None
    except OSError as error:
        raise ExamplesError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExamplesError(f"{path} is no CSV in UTF-8: {error}") from None
    columns = {key for key in (rows[0] if rows else {}) if key is not None}
    if not rows:
        raise ExamplesError(f"{path}: no labels; the first line names the columns: call,leg,start,end,label or file,label")
    if "label" not in columns or not (columns >= _MOMENT or "file" in columns):
        there = ", ".join(sorted(columns))
        raise ExamplesError(f"{path}: columns are call,leg,start,end,label or file,label, and speaker; there are {there}")
    return [_example(path, line, row) for line, row in enumerate(rows, start=2)]


def _example(path: Path, line: int, row: dict[str, str | None]) -> LabelledExample:
    cells = {key: (value or "").strip() for key, value in row.items() if isinstance(value, str | None) and key is not None}
    label, speaker = cells.get("label", ""), cells.get("speaker", "")
    if not label:
        raise ExamplesError(f"{path}:{line}: no label")
    if cells.get("file"):
        return LabelledExample(line, label, str(path.parent / cells["file"]), path.parent / cells["file"], "", speaker)
    if lacking := [key for key in ("call", "start", "end") if not cells.get(key)]:
        raise ExamplesError(f"{path}:{line}: no {lacking[0]}")
    moment = f"{cells['call']}@{cells['start']}-{cells['end']}" + (f"/{cells['leg']}" if cells.get("leg") else "")
    return LabelledExample(line, label, moment, None, cells["call"], speaker)


def embeddings_of(
    examples: Sequence[LabelledExample], store: StoreOrOpener, settings: Settings, features: Path | None = None
) -> Iterator[Labelled | Unused]:
    """The embedding of each example, in no order: a moment's from the store, an `.npy` file's or folder's as it is; of sound,
    the utterance is extracted with the configured engine, to `features` where that is given, so that it is done once.
    """
    sound = []
    for one in examples:
        if one.file is None or one.file.is_dir() or one.file.suffix == ".npy":
            yield _loaded(one, store)
        else:
            sound.append(one)
    if sound and features is not None:
        yield from _extracted(sound, settings, features)
    elif sound:
        with TemporaryDirectory(prefix="emotion-monitor-") as folder:
            yield from _extracted(sound, settings, Path(folder))


def _loaded(example: LabelledExample, store: StoreOrOpener) -> Labelled | Unused:
    try:
        if example.file is not None:
            return Labelled(example, load(example.file))
        of_legs = list(resolve([example.name], store))
        if len(of_legs) > 1:
            return Unused(example, f"{example.name}: no leg, and the call has {len(of_legs)}: it is no example of one speaker")
        return Labelled(example, of_legs[0])
    except MonitorError as error:
        return Unused(example, str(error))


def _extracted(examples: Sequence[LabelledExample], settings: Settings, folder: Path) -> Iterator[Labelled | Unused]:
    by_name: dict[str, list[LabelledExample]] = {}
    for example in examples:
        by_name.setdefault(example.name, []).append(example)
    for one in extract(by_name, Wanted(folder, "utterance", audio=False), settings):
        for example in by_name[one.source]:
            if one.error or len(one.folders) != 1:
                yield Unused(
                    example, one.error or f"{example.name}: a file of {len(one.folders)} legs is no example of one speaker"
                )
            else:
                yield Labelled(example, load(one.folders[0]))
