"""Sends a two-channel file to many ports, round and round, as G.711 mu-law: packets are made before the first is sent.

    python lab/experiments/rtp_load.py CALL PORT PORT [PORT PORT ...]

Ports of two legs follow each other. Calls begin at different places of the file, and their packets are spread over the 20 ms.
"""

import signal
import socket
import struct
import sys
import time
from pathlib import Path

from monitor.demo.sender import CLOCK, PACKET_SAMPLES, payloads

SLOTS = 10
"""Moments within 20 ms at which packets are sent."""
HEADER = struct.Struct("!BBHII")


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sound, ports = Path(sys.argv[1]), list(map(int, sys.argv[2:]))
    cut = [
        [leg[first : first + PACKET_SAMPLES] for first in range(0, len(leg) - PACKET_SAMPLES + 1, PACKET_SAMPLES)]
        for leg in payloads(sound)
    ]
    length = len(cut[0])
    calls = [(ports[2 * number : 2 * number + 2], round(0.618034 * number % 1 * length)) for number in range(len(ports) // 2)]
    slots = [calls[slot::SLOTS] for slot in range(SLOTS)]
    begun = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        number = 0
        while True:
            for slot, some in enumerate(slots):
                time.sleep(max(0.0, begun + (number + slot / SLOTS) * PACKET_SAMPLES / CLOCK - time.monotonic()))
                for legs, begin in some:
                    for leg, port in enumerate(legs):
                        header = HEADER.pack(0x80, 0, number & 0xFFFF, number * PACKET_SAMPLES & 0xFFFFFFFF, port)
                        out.sendto(header + cut[leg][(begin + number) % length], ("127.0.0.1", port))
            number += 1


if __name__ == "__main__":
    main()
