"""A disk that takes nothing, under a call and at its end."""

import signal
import time
from pathlib import Path

from tests.examination.owner import Owner
from tests.examination.row import Row
from tests.examination.service import examined

TRIED = "a call that ends on a full disk, and a service that is stopped on one"


def examine(tree: Path, short: bool) -> list[Row]:
    """The disk is full by a limit on the size of files."""
    seconds = 4.0 if short else 12.0
    with examined(tree) as service:
        owner = Owner(service.call("full")["mixed"])
        time.sleep(3.0)
        service.full_disk(True)
        time.sleep(seconds)
        sent = owner.stop()
        ended = service.end("full", timeout=3.0)
        service.full_disk(False)
        over = service.end("full")
        stored = service.frames("full").stop
        skipped = sum(event["frames"] for event in service.events("full") if event["type"] == "frames_skipped")
        kinds = [event["type"] for event in service.events("full")]
        owner = Owner(service.call("stopped")["mixed"])
        time.sleep(3.0)
        service.full_disk(True)
        time.sleep(2.0)
        owner.stop()
        service.kill(signal.SIGTERM)
        code = service.process.returncode
    return [
        Row("call ended on a full disk: while it is full", "over" if ended else "live", "live", not ended),
        Row("once there is room again: over, with call_ended", str(over and "call_ended" in kinds), "True", over),
        Row(
            "its frames stored, beside those said to be skipped",
            f"{stored} + {skipped} of {sent}",
            f"{sent} within half a second",
            stored + skipped >= sent - 25 and "call_ended" in kinds,
        ),
        Row("SIGTERM on a full disk: exit code", str(code), "not 0", code != 0),
    ]
