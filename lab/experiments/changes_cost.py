"""What change detection costs: milliseconds of one core for a second of speech of one leg.

    python -m lab.experiments.changes_cost [--seconds 60] [--json FILE]

What is heard is simulated (`lab.calibration.nulls`): logits, 8 wide, for bayes; embeddings for kernel. The cost does not
depend on what is in them.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from lab.calibration.nulls import Null
from monitor.changes.registry import open_detector
from monitor.config.sections import DETECTORS, ChangesSection
from monitor.timeline import TICK_RATE

CASES = (
    ("bayes", 10, 8),
    ("bayes", 30, 8),
    ("bayes", 120, 8),
    ("kernel", 10, 96),
    ("kernel", 20, 96),
    ("kernel", 20, 1024),
    ("kernel", 30, 96),
)
"""Detector, seconds of buffer, width."""


def milliseconds_a_second(settings: ChangesSection, width: int, seconds: int) -> float:
    narrow = Null(0.8, 1000.0, 0.2).stream(seconds * TICK_RATE, seed=1)
    stream = np.tile(narrow, (1, -(-width // narrow.shape[1])))[:, :width]
    detector = open_detector(settings)
    begun = time.process_time()
    for tick, vector in enumerate(stream):
        detector.update(tick, vector)
    return (time.process_time() - begun) * 1000 / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    for detector, buffer, width in CASES:
        cost = milliseconds_a_second(DETECTORS.validate({"detector": detector, "buffer": buffer}), width, arguments.seconds)
        rows.append({"detector": detector, "buffer": buffer, "width": width, "ms": cost})
        print(f"{detector:>6}  buffer {buffer:>3} s  {width:>5} wide  {cost:.2f} ms a leg-second", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
