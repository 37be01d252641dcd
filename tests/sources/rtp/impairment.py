"""A bad network: a UDP proxy that loses, doubles and reorders what passes through it."""

import random
import socket
import threading
from types import TracebackType


class BadNetwork:
    """Passes datagrams from its port to another, a few of them lost, twice, or after their successor."""

    def __init__(self, to: int, *, lose: float = 0.0, double: float = 0.0, swap: float = 0.0, seed: int = 1) -> None:
        self.lost = self.doubled = self.swapped = self.passed = 0
        self._to = ("127.0.0.1", to)
        self._lose, self._double, self._swap = lose, double, swap
        self._draw = random.Random(seed)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port: int = self._socket.getsockname()[1]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        held: bytes | None = None
        while not self._done.is_set():
            try:
                data = self._socket.recv(65_536)
            except TimeoutError:
                continue
            self.passed += 1
            if self.passed > 5 and held is None and self._draw.random() < self._lose:
                self.lost += 1
                continue
            if self.passed > 5 and held is None and self._draw.random() < self._swap:
                self.swapped += 1
                held = data
                continue
            self._socket.sendto(data, self._to)
            if self._draw.random() < self._double:
                self.doubled += 1
                self._socket.sendto(data, self._to)
            if held is not None:
                self._socket.sendto(held, self._to)
                held = None

    def __enter__(self) -> "BadNetwork":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        self._socket.close()
