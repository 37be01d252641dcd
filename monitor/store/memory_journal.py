"""The events of calls in memory, and what is kept for the sinks that follow them."""

import json
from collections.abc import Callable, Collection
from threading import Lock

from monitor.events import Event
from monitor.store.journal import Journal, Message, chosen, encoded
from monitor.store.sink_state import DeadLetter, DeadLetters, SinkState


class MemoryJournal(Journal):
    """The events, in a list."""

    def __init__(self) -> None:
        super().__init__()
        self._messages: list[Message] = []
        self._writing = Lock()

    @property
    def last(self) -> int:
        """See `Journal`."""
        return len(self._messages)

    def append(self, event: Event) -> Message:
        """See `Journal`."""
        body = json.loads(encoded(event))
        with self._writing:
            message = {"seq": len(self._messages) + 1, **body}
            self._messages.append(message)
            self._line_up([message])
        self._tell()
        return message

    def read(
        self, since: int, *, call: str | None = None, types: Collection[str] | None = None, limit: int | None = None
    ) -> list[Message]:
        """See `Journal`."""
        with self._writing:
            later = self._messages[max(since, 0) :]
        return list(chosen(later, call, types, limit))

    def erase(self, call: str) -> int:
        """See `Journal`."""
        with self._writing:
            mine = [index for index, message in enumerate(self._messages) if message.get("call") == call]
            for index in mine:
                self._messages[index] = {"seq": index + 1, "type": "erased"}
        return len(mine)


class MemorySinkState(SinkState):
    """How far a sink has come, and what it gave up."""

    def __init__(self) -> None:
        self.letters: MemoryDeadLetters = MemoryDeadLetters()
        self._position: int | None = None

    def position(self) -> int | None:
        """See `SinkState`."""
        return self._position

    def settle(self, position: int) -> None:
        """See `SinkState`."""
        self._position = position


class MemoryDeadLetters(DeadLetters):
    """Those of one sink."""

    def __init__(self) -> None:
        self._letters: dict[int, DeadLetter] = {}
        self._lock = Lock()

    def add(self, letter: DeadLetter, stands: Callable[[], bool]) -> bool:
        """See `DeadLetters`."""
        with self._lock:
            if stands():
                self._letters[letter.seq] = letter
                return True
        return False

    def read(self) -> list[DeadLetter]:
        """See `DeadLetters`."""
        with self._lock:
            return sorted(self._letters.values(), key=lambda letter: letter.seq)

    def remove(self, seqs: Collection[int]) -> None:
        """See `DeadLetters`."""
        with self._lock:
            self._letters = {seq: letter for seq, letter in self._letters.items() if seq not in seqs}

    def erase(self, call: str) -> int:
        """Remove those of a call; how many they were."""
        gone = [letter.seq for letter in self.read() if letter.message.get("call") == call]
        self.remove(gone)
        return len(gone)
