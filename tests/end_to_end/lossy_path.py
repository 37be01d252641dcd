"""A network path that loses: forwards UDP datagrams from one port to another, all but those it is told to drop."""

import random
import socket
import threading
import time


class LossyPath:
    """Listens on a free port of loopback."""

    def __init__(self, target: int, loss: float, seed: int = 1) -> None:
        self._target = ("127.0.0.1", target)
        self._loss = loss
        self._random = random.Random(seed)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.dropped = 0
        self.began = 0.0
        """When the first datagram was passed on, by the monotonic clock."""
        threading.Thread(target=self._forward, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _forward(self) -> None:
        while True:
            try:
                datagram = self._socket.recv(2048)
                if self._random.random() < self._loss:
                    self.dropped += 1
                else:
                    self.began = self.began or time.monotonic()
                    self._socket.sendto(datagram, self._target)
            except OSError:
                return
