"""RTP and pcap sources opened on packets that are made here, octet by octet (RFC 3550, RFC 3551; pcap with Ethernet frames)."""

import io
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import soundfile

from monitor.config import Settings
from monitor.sources.base import Source
from monitor.sources.registry import open_source

PACKET = 160
"""Samples at 8 kHz, and octets: 20 ms of PCMU."""
SSRCS = (0x1111, 0x2222)
PORTS = (5004, 5006)


def payloads(samples: np.ndarray) -> list[bytes]:
    """Mu-law payloads of one channel at 8 kHz."""
    coded = io.BytesIO()
    soundfile.write(coded, samples, 8_000, format="RAW", subtype="ULAW")
    octets = coded.getvalue()
    return [octets[start : start + PACKET] for start in range(0, len(octets), PACKET)]


def packets(samples: np.ndarray, ssrc: int) -> list[bytes]:
    """One channel as RTP."""
    header = [struct.pack("!BBHII", 0x80, 0, number, number * PACKET, ssrc) for number in range(len(samples) // PACKET)]
    return [first + payload for first, payload in zip(header, payloads(samples), strict=False)]


def goodbye(ssrc: int) -> bytes:
    """An empty receiver report and a BYE, as RFC 3550 wants them together."""
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc) + struct.pack("!BBHI", 0x81, 203, 1, ssrc)


def received(samples: np.ndarray) -> Callable[[Path], AbstractContextManager[Source]]:
    """A live call whose two legs are sent in real time."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Source]:
        del folder
        source = open_source("rtp", {}, Settings())
        addresses = [("127.0.0.1", source.ports[leg]) for leg in source.legs]
        over = threading.Event()

        def send() -> None:
            with (
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second,
            ):
                senders = (first, second)
                for pair in zip(*(packets(samples[:, leg], SSRCS[leg]) for leg in (0, 1)), strict=True):
                    for leg in (0, 1):
                        senders[leg].sendto(pair[leg], addresses[leg])
                    if over.wait(0.02):
                        return
                for leg in (0, 1):
                    senders[leg].sendto(goodbye(SSRCS[leg]), addresses[leg])

        sender = threading.Thread(target=send)
        sender.start()
        yield source
        over.set()
        sender.join()
        source.stop()

    return opened


def captured(samples: np.ndarray) -> Callable[[Path], AbstractContextManager[Source]]:
    """A capture file of a call: the two streams go opposite ways between the same two ports."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Source]:
        path = folder / "call.pcap"
        content = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
        for number, pair in enumerate(zip(*(packets(samples[:, leg], SSRCS[leg]) for leg in (0, 1)), strict=True)):
            for leg in (0, 1):
                frame = _ethernet(pair[leg], PORTS[leg], PORTS[1 - leg], leg)
                microseconds = number * 20_000 + leg
                content += (
                    struct.pack("<IIII", microseconds // 1_000_000, microseconds % 1_000_000, len(frame), len(frame)) + frame
                )
        path.write_bytes(content)
        yield open_source("pcap", {"path": path}, Settings())

    return opened


def _ethernet(payload: bytes, port: int, to_port: int, leg: int) -> bytes:
    hosts = (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    udp = struct.pack("!HHHH", port, to_port, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, hosts[leg], hosts[1 - leg])
    return bytes(12) + b"\x08\x00" + ip + udp
