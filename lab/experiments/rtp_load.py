"""Sends a two-channel file to many ports, round and round, as G.711 mu-law, at little cost: many packets a system call.

    python lab/experiments/rtp_load.py [--silent SHARE] CALL PORT PORT [PORT PORT ...]

Ports of two legs follow each other. Calls begin at different places of the file, and their packets are spread over the 20 ms.
`--silent`: on so many of the legs nobody ever speaks. At SIGTERM it says as JSON how many packets it has sent, how late the
latest were, and what it cost.
"""

import argparse
import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monitor.demo.sender import CLOCK, PACKET_SAMPLES, payloads

SLOTS = 10
"""Moments within 20 ms at which packets are sent."""
SILENCE = 0xFF
"""A sample of nothing, as mu-law."""
HEADER = np.dtype([("flags", "u1"), ("type", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")])
"""RFC 3550, section 5.1."""


class _Header(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("parts", ctypes.c_void_p),
        ("count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """`struct mmsghdr`."""

    _fields_ = (("header", _Header), ("sent", ctypes.c_uint32))


class Batch:
    """Legs whose packets go out together, in one call of `sendmmsg`: headers lie ready, and payloads where the file's are."""

    def __init__(self, sound: np.ndarray, legs: Sequence[int], begins: Sequence[int], ports: Sequence[int]) -> None:
        """`sound`: packets of each leg of the file, and of silence; `legs` names a row of it for each port."""
        count = len(ports)
        self._sound = sound
        self._rows = np.asarray(legs) * sound.shape[1]
        self._begins = np.asarray(begins)
        self._headers = np.zeros(count, HEADER)
        self._headers["flags"], self._headers["ssrc"] = 0x80, ports
        self._parts = np.zeros((count, 2, 2), np.uintp)  # of each message the header, and the payload: where, and how long
        self._parts[:, 0, 0] = self._headers.ctypes.data + HEADER.itemsize * np.arange(count)
        self._parts[:, 0, 1] = HEADER.itemsize
        self._parts[:, 1, 1] = PACKET_SAMPLES
        self._names = np.frombuffer(b"".join(_address(port) for port in ports), np.uint8).copy()
        self._messages = (_Message * count)()
        for number, message in enumerate(self._messages):
            header = message.header
            header.name, header.name_length = int(self._names.ctypes.data) + 16 * number, 16
            header.parts, header.count = int(self._parts.ctypes.data) + self._parts.strides[0] * number, 2

    def send(self, library: ctypes.CDLL, descriptor: int, number: int) -> int:
        """The packets of this number; how many went out."""
        packets = self._sound.shape[1]
        self._headers["sequence"] = number & 0xFFFF
        self._headers["timestamp"] = number * PACKET_SAMPLES & 0xFFFFFFFF
        place = self._rows + (self._begins + number) % packets
        self._parts[:, 1, 0] = self._sound.ctypes.data + PACKET_SAMPLES * place
        sent = 0
        while sent < len(self._messages):
            rest = ctypes.byref(self._messages, sent * ctypes.sizeof(_Message))
            went = library.sendmmsg(descriptor, rest, len(self._messages) - sent, 0)
            if went <= 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            sent += went
        return sent


def _address(port: int) -> bytes:
    """`struct sockaddr_in` of this machine."""
    return socket.AF_INET.to_bytes(2, sys.byteorder) + port.to_bytes(2, "big") + socket.inet_aton("127.0.0.1") + bytes(8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--silent", type=float, default=0.0)
    parser.add_argument("call", type=Path)
    parser.add_argument("ports", type=int, nargs="+")
    args = parser.parse_args()
    over: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    tracks = [np.frombuffer(leg, np.uint8) for leg in payloads(args.call)]
    packets = len(tracks[0]) // PACKET_SAMPLES
    spoken = [track[: packets * PACKET_SAMPLES].reshape(packets, PACKET_SAMPLES) for track in tracks]
    sound = np.ascontiguousarray(np.stack([*spoken, np.full_like(spoken[0], SILENCE)]))
    silent = [int((leg + 1) * args.silent) > int(leg * args.silent) for leg in range(len(args.ports))]
    slots: list[Batch] = []
    for slot in range(SLOTS):
        calls = range(slot, len(args.ports) // 2, SLOTS)
        legs = [2 * call + leg for call in calls for leg in (0, 1)]
        rows = [2 if silent[leg] else leg % 2 for leg in legs]
        begins = [round(0.618034 * (leg // 2) % 1 * packets) for leg in legs]
        if legs:
            slots.append(Batch(sound, rows, begins, [args.ports[leg] for leg in legs]))
    library = ctypes.CDLL(None, use_errno=True)
    begun, cost, sent, latest, number = time.monotonic(), time.process_time(), 0, 0.0, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        while not over:
            for slot, batch in enumerate(slots):
                due = begun + (number + slot / len(slots)) * PACKET_SAMPLES / CLOCK
                time.sleep(max(0.0, due - time.monotonic()))
                latest = max(latest, time.monotonic() - due)
                sent += batch.send(library, out.fileno(), number)
            number += 1
    busy = (time.process_time() - cost) / (time.monotonic() - begun)
    print(json.dumps({"sent": sent, "latest": round(latest, 3), "busy": round(busy, 3)}), flush=True)


if __name__ == "__main__":
    main()
