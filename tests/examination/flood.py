"""Strangers that send as fast as they can, beside the owner of a leg."""

import socket
import threading
import time
from pathlib import Path

import numpy as np

from tests.examination.owner import Owner, packet
from tests.examination.row import Row
from tests.examination.service import Examined, examined

TRIED = "a hostile flood beside the owner of a leg: frames equal bit for bit those without it"


def examine(tree: Path, short: bool) -> list[Row]:
    """The same sound twice, with the flood and without it."""
    seconds = 8.0 if short else 30.0
    with examined(tree) as service:
        quiet, _, lost_quiet = _heard(service, "quiet", seconds, 0)
        flooded, storm, lost = _heard(service, "flooded", seconds, 20_000)
    same = min(len(quiet), len(flooded))
    equal = int(np.sum(np.all(quiet[:same] == flooded[:same], axis=1)))
    return [
        Row(
            f"{storm:,} hostile datagrams in {seconds:.0f} s: owner's packets not heard",
            f"{lost} ({lost_quiet} without)",
            f"{lost_quiet}",
            lost <= lost_quiet,
        ),
        Row("frames equal to those without the flood", f"{equal} of {same}", "all", equal == same > seconds * 40),
    ]


def _heard(service: Examined, call: str, seconds: float, rate: int) -> tuple[np.ndarray, int, int]:
    """Embeddings of a call's frames, how many hostile datagrams came, and how many packets of the owner were not heard."""
    port = service.call(call)["mixed"]
    owner = Owner(port)
    time.sleep(2.0)
    over, count = threading.Event(), [0]
    storm = [packet(number, bytes(160), ssrc=number + 7) for number in range(100)]

    def flood() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not over.wait(100 / rate):
                for each in storm:
                    out.sendto(each, ("127.0.0.1", port))
                count[0] += len(storm)

    thread = threading.Thread(target=flood, daemon=True)
    if rate:
        thread.start()
    time.sleep(seconds)
    over.set()
    if rate:
        thread.join()
    sent = owner.stop()
    time.sleep(1.0)
    service.end(call)
    frames = service.frames(call)
    whole = min(sent, frames.stop) - 60
    return np.asarray(frames.embedding)[:whole], count[0], sent - service.report(call)["packets"]
