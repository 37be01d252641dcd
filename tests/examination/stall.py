"""A process, or the machine, that stands still under live calls."""

import signal
import time
from pathlib import Path

from tests.examination.owner import PACKET, Owner
from tests.examination.row import Row
from tests.examination.service import examined

TRIED = "a stall of the whole process (SIGSTOP) under four live calls"
CALLS = 4


def examine(tree: Path, short: bool) -> list[Row]:
    """Thirty seconds, or eight against a limit of five for inactivity."""
    stall, config = (8.0, "rtp: {inactivity: 5}\n") if short else (31.0, "")
    with examined(tree, config) as service:
        names = [f"stall-{number}" for number in range(CALLS)]
        owners = {name: Owner(service.call(name)["mixed"]) for name in names}
        time.sleep(6.0)
        service.process.send_signal(signal.SIGSTOP)
        time.sleep(stall)
        service.process.send_signal(signal.SIGCONT)
        time.sleep(8.0)
        live = sum(service.about(name)["status"] == "live" for name in names)
        sent = sum(owner.stop() for owner in owners.values())
        time.sleep(1.0)
        for name in names:
            service.end(name)
        reports = [service.report(name) for name in names]
        heard, kernel = sum(report["packets"] for report in reports), sum(report["overflow_seconds"] for report in reports)
    said = heard + round(kernel / PACKET)
    return [
        Row(f"SIGSTOP for {stall:.0f} s: calls that go on", f"{live} of {CALLS}", f"{CALLS}", live == CALLS),
        Row(
            "packets heard, and dropped by the kernel as the leg's report says",
            f"{heard} + {said - heard} of {sent}",
            "none without a word",
            said == sent,
        ),
    ]
