"""Who comes first, and who says goodbye, and is not the owner of the leg."""

import socket
import struct
import time
from pathlib import Path

from tests.examination.owner import Owner, packet
from tests.examination.row import Row
from tests.examination.service import examined

TRIED = "a stranger who sends first; a goodbye (RTCP BYE) from another port of the owner's address"
BYE = struct.pack("!BBHI", 0x81, 203, 1, 1)
"""RFC 3550, section 6.6, of the owner's SSRC."""


def examine(tree: Path, short: bool) -> list[Row]:
    """Two calls."""
    with examined(tree) as service, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        there = ("127.0.0.1", service.call("first")["mixed"])
        for number in range(3):
            stranger.sendto(packet(number, bytes(160), ssrc=666), there)
            time.sleep(0.02)
        time.sleep(0.5)
        owner = Owner(there[1])
        time.sleep(4.0 if short else 12.0)
        sent = owner.stop()
        time.sleep(1.0)
        heard = min(sent, service.report("first")["packets"])  # which may count some of the stranger's
        there = ("127.0.0.1", service.call("goodbye")["mixed"])
        owner = Owner(there[1])
        time.sleep(3.0)
        owner.paused.set()
        time.sleep(0.2)
        for port in (there[1], there[1] + 1):
            stranger.sendto(BYE, ("127.0.0.1", port))
        time.sleep(1.0)
        owner.paused.clear()
        time.sleep(3.0)
        status = service.about("goodbye")["status"]
        owner.stop()
    return [
        Row(
            "three packets of a stranger before the call: owner's packets heard",
            f"{heard} of {sent}",
            "all but 10",
            heard >= sent - 10,
        ),
        Row("BYE from another port in a pause of a second: the call is", status, "live", status == "live"),
    ]
