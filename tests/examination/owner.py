"""Whoever sends the sound of a leg: speech of the demonstration's call as RTP, a packet every 20 ms."""

import socket
import struct
import threading
import time
from collections.abc import Sequence
from functools import cache

from monitor.demo import CALL
from monitor.demo.sender import payloads

PACKET = 0.02
SAMPLES = 160


@cache
def speech() -> tuple[bytes, ...]:
    """Payloads of PCMU of the customer's leg."""
    whole = payloads(CALL)[0]
    return tuple(whole[first : first + SAMPLES] for first in range(0, len(whole) - SAMPLES + 1, SAMPLES))


def packet(number: int, payload: bytes, ssrc: int = 1) -> bytes:
    """RFC 3550, section 5.1."""
    return struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * SAMPLES & 0xFFFFFFFF, ssrc) + payload


class Owner:
    """Sends payloads to a port in a thread, round and round, until it is told to stop."""

    def __init__(self, port: int, sound: Sequence[bytes] = ()) -> None:
        """`sound`: the speech, where there is none given."""
        self.sent = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.paused = threading.Event()
        self._there, self._sound = ("127.0.0.1", port), sound or speech()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        number, began = 0, time.monotonic()
        while not self._over.wait(max(0.0, began + number * PACKET - time.monotonic())):
            if not self.paused.is_set():
                payload = self._sound[number % len(self._sound)]
                self.socket.sendto(packet(number, payload), self._there)
                self.sent += 1
            number += 1

    def stop(self) -> int:
        """End; how many packets there were."""
        self._over.set()
        self._thread.join()
        self.socket.close()
        return self.sent


class Crowd:
    """Sends the speech to many ports at once in one thread, until it is told to stop."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            number, began = 0, time.monotonic()
            while not self._over.wait(max(0.0, began + number * PACKET - time.monotonic())):
                datagram = packet(number, speech()[number % len(speech())])
                for port in self._ports:
                    sender.sendto(datagram, ("127.0.0.1", port))
                number += 1

    def stop(self) -> None:
        """End."""
        self._over.set()
        self._thread.join()
