"""A place for each sink that ships to bring events to. A new sink adds a class here, and a line in `PLACES`."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from monitor.conformance.sinks import Place
from tests.sinks.receiver import SECRET, Receiver, running_receiver


class Webhook(Place):
    kind = "webhook"

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.options = {"url": receiver.url, "secret": SECRET}

    def received(self) -> list[dict[str, Any]]:
        return self._receiver.received

    def leave(self) -> None:
        self._receiver.status = 503

    def come_back(self) -> None:
        self._receiver.status = 204


class File(Place):
    kind = "jsonl"

    def __init__(self, folder: Path) -> None:
        self._folder, self._away = folder / "out", folder / "away"
        self._folder.mkdir()
        self.options = {"path": str(self._folder / "events.jsonl")}

    def received(self) -> list[dict[str, Any]]:
        path = (self._folder if self._folder.exists() else self._away) / "events.jsonl"
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith(b"\n")]  # the last may just be being written

    def leave(self) -> None:
        self._folder.rename(self._away)

    def come_back(self) -> None:
        self._away.rename(self._folder)


@contextmanager
def webhook(folder: Path) -> Iterator[Place]:
    with running_receiver() as receiver:
        yield Webhook(receiver)


@contextmanager
def jsonl(folder: Path) -> Iterator[Place]:
    yield File(folder)


PLACES: Mapping[str, Callable[[Path], AbstractContextManager[Place]]] = {"jsonl": jsonl, "webhook": webhook}
"""By kind: opens a place, whose files, if any, are in a folder."""
