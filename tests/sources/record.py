"""Captures from a device as a call does, in a process of its own: PortAudio reads the environment once, as it loads.

Usage: record.py OUT SECONDS OPTIONS_AS_JSON [STALL]; writes OUT.npz with a leg an array, and prints the report as JSON.
It ends after SECONDS, or a second after SIGTERM. A reader that is slow sleeps STALL seconds after the first chunk.
"""

import json
import signal
import sys
import threading
import time
from dataclasses import asdict

import numpy as np

from monitor.config import Settings
from monitor.errors import MonitorError
from monitor.sources.registry import open_source


def main(out: str, seconds: float, options: dict[str, object], stall: float) -> None:
    legs: dict[str, list[np.ndarray]] = {}
    gaps: dict[str, list[list[object]]] = {}
    error = None
    result = {}
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    stop = seconds * 16_000
    try:
        source = open_source("microphone", options, Settings())
        try:
            for chunk in source.chunks():
                print("capturing", flush=True) if chunk.leg not in legs else None
                legs.setdefault(chunk.leg, []).append(chunk.samples)
                gaps.setdefault(chunk.leg, []).extend([gap.start, gap.length, gap.cause] for gap in chunk.gaps)
                if stall and len(chunk.samples):
                    time.sleep(stall)
                    stall = 0
                if told.is_set():
                    told.clear()
                    stop = min(stop, chunk.stop + 16_000)
                if chunk.stop >= stop:
                    source.stop()
        finally:
            result = {leg: asdict(report) for leg, report in source.report().items()}
    except MonitorError as caught:
        error = str(caught)
    np.savez(out, **{leg: np.concatenate(parts) for leg, parts in legs.items()})
    print(json.dumps({"report": result, "gaps": gaps, "error": error}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3]), float(sys.argv[4]) if len(sys.argv) > 4 else 0)
