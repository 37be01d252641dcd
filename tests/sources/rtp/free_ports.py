"""Ports for tests that have to name one before it is opened: no other process of a test run takes them meanwhile."""

import itertools
import os

from monitor.errors import SourceError
from monitor.sources.rtp.ports import open_port

FIRST, PAIRS, PROCESSES = 21_000, 100, 40
"""Beyond `rtp.port_low` to `rtp.port_high`, and below the ports that a system gives to whoever names none."""
_numbers = itertools.count()


def free_port() -> int:
    """An even UDP port of loopback; it and the next one are free, and are not given to this process again soon."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PROCESSES
    for _ in range(PAIRS):
        port = FIRST + 2 * (process * PAIRS + next(_numbers) % PAIRS)
        try:
            for each in (port, port + 1):
                open_port("127.0.0.1", each).close()
        except SourceError:
            continue
        return port
    raise OSError("no free port")
