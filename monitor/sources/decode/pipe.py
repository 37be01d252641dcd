"""Bytes from a pipe as ffmpeg reads them: what came first can be looked at before, and a silent pipe can be left."""

import os
import selectors
import threading
from collections.abc import Iterator

from monitor.sources.decode.sizes import Sound, stated_sound

PATIENCE = 0.1
"""Seconds after which a pipe in which nothing comes is looked at again, so that `stop` is heard and a live call goes on."""
HEAD = 1 << 16
"""Bytes of the beginning, and of what follows the sound, that are kept for a look at the sizes they state."""


class Pipe:
    """A file descriptor that is read once, forwards."""

    def __init__(self, descriptor: int, owned: bool = False) -> None:
        """Read `descriptor`; `close` closes it where it is `owned`."""
        self._fd = descriptor
        self._owned = owned
        self._stop = threading.Event()
        self._unread = b""
        self._head = bytearray()
        self._tail = bytearray()
        self._tail_start: int | None = None
        self._length = 0
        self.ended = False

    def peek(self, length: int) -> bytes:
        """The next `length` bytes, at most `HEAD`, fewer where the pipe ends before; they stay to be read."""
        while len(self._unread) < length and (data := self._take(length - len(self._unread))):
            self._unread += data
        return self._unread

    def read(self, length: int = -1) -> bytes:
        """Up to `length` bytes, as soon as there are any; none where the pipe has ended or was stopped."""
        if self._unread:
            length = len(self._unread) if length < 0 else length
            data, self._unread = self._unread[:length], self._unread[length:]
            return data
        return self._take(HEAD if length < 0 else length)

    def reads(self, length: int) -> Iterator[bytes]:
        """All that comes, at most `length` bytes at a time, and nothing (b"") each time the pipe was silent for `PATIENCE`."""
        while self._unread:
            yield self.read(length)
        yield from self._fresh(length)

    def sound(self) -> Sound | None:
        """Where the sound lies by the header. What follows it is kept from now on, `HEAD` bytes at most."""
        if (sound := stated_sound(self.at)) is not None:
            self._tail_start = sound.stop
            self._tail = self._head[sound.stop :]
        return sound

    def at(self, offset: int, length: int) -> bytes:
        """What was read at an offset, where it was kept."""
        if offset + length <= len(self._head) or self._tail_start is None or offset < self._tail_start:
            return bytes(self._head[offset : offset + length])
        return bytes(self._tail[offset - self._tail_start :][:length])

    def size(self) -> int:
        """Bytes up to the end of the pipe, which is waited for."""
        while self.read():
            pass
        return self._length

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End every read within `PATIENCE`, from any thread."""
        self._stop.set()

    def close(self) -> None:
        """Let go of the descriptor."""
        if self._owned:
            self._owned = False
            os.close(self._fd)

    def _take(self, length: int) -> bytes:
        return next((data for data in self._fresh(length) if data), b"")

    def _fresh(self, length: int) -> Iterator[bytes]:
        with selectors.PollSelector() as selector:  # epoll and kqueue refuse a regular file: `run - < call.raw`
            selector.register(self._fd, selectors.EVENT_READ)
            while not self.ended and not self._stop.is_set():
                if not selector.select(PATIENCE):
                    yield b""
                elif data := self._note(os.read(self._fd, length)):
                    yield data

    def _note(self, data: bytes) -> bytes:
        self.ended = not data
        self._head += data[: HEAD - len(self._head)]
        if self._tail_start is not None:
            skipped = max(0, self._tail_start + len(self._tail) - self._length)
            self._tail += data[skipped:][: HEAD - len(self._tail)]
        self._length += len(data)
        return data
