"""Sends a two-channel sound file as RTP, G.711 mu-law, 20 ms a packet, at the speed of the clock.

Packets: RFC 3550, section 5.1; payload type 0: RFC 3551, section 4.5.14.
"""

import io
import socket
import struct
import time
from pathlib import Path

import numpy as np
import soundfile

CLOCK = 8_000
PACKET_SAMPLES = 160
PAYLOAD_TYPE = 0


def send_call(sound: Path, ports: tuple[int, int], host: str) -> float:
    """Send channel 0 to the first port and channel 1 to the second, in real time; the seconds sent.

    `sound` is a two-channel file at 8 kHz.
    """
    legs = payloads(sound)
    packets = len(legs[0]) // PACKET_SAMPLES
    begun = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for number in range(packets):
            time.sleep(max(0.0, begun + number * PACKET_SAMPLES / CLOCK - time.monotonic()))
            first = number * PACKET_SAMPLES
            for leg, port in enumerate(ports):
                header = _header(number, first, ssrc=0xE0E0_0000 + leg)
                out.sendto(header + legs[leg][first : first + PACKET_SAMPLES], (host, port))
    return packets * PACKET_SAMPLES / CLOCK


def payloads(sound: Path) -> list[bytes]:
    """Both channels of a file at 8 kHz as mu-law. Raises `ValueError` where it is none."""
    channels, rate = soundfile.read(sound, dtype="int16", always_2d=True)
    if rate != CLOCK or channels.shape[1] != 2:
        raise ValueError(f"{sound}: expected two channels at {CLOCK} Hz, got {channels.shape[1]} at {rate} Hz")
    return [_mu_law(channels[:, leg]) for leg in (0, 1)]


def _header(sequence: int, timestamp: int, ssrc: int) -> bytes:
    marker = 0x80 if sequence == 0 else 0
    return struct.pack("!BBHII", 0x80, marker | PAYLOAD_TYPE, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, ssrc)


def _mu_law(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> bytes:
    raw = io.BytesIO()
    soundfile.write(raw, samples, CLOCK, format="RAW", subtype="ULAW")
    return raw.getvalue()
