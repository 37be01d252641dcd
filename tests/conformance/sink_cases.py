"""A place for each sink of the registry to bring events to, for the conformance suite.

A new sink adds a class here that gives it options, can be away, and tells what it received, and a line in `PLACES`.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.sinks.receiver import SECRET, Receiver, running_receiver


class Place(ABC):
    """Where a sink brings its events."""

    options: dict[str, Any]
    """By which the sink finds it."""

    @abstractmethod
    def received(self) -> list[dict[str, Any]]:
        """The messages that came, in their order."""

    @abstractmethod
    def leave(self) -> None:
        """From now on nothing is received, in a way that may pass."""

    @abstractmethod
    def come_back(self) -> None:
        """From now on it is as at first."""


class Webhook(Place):
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
    def __init__(self, folder: Path) -> None:
        self._folder, self._away = folder / "out", folder / "away"
        self._folder.mkdir()
        self.options = {"path": str(self._folder / "events.jsonl")}

    def received(self) -> list[dict[str, Any]]:
        path = (self._folder if self._folder.exists() else self._away) / "events.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

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


PLACES = {"jsonl": jsonl, "webhook": webhook}
"""By kind: opens a place, whose files, if any, are in a folder."""

Opened = AbstractContextManager[Place]
