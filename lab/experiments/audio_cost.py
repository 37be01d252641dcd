"""What a second of a leg costs before inference: resampling (cost, and audio held back) and speech activity, on one core.

Run: OMP_NUM_THREADS=1 python -m lab.experiments.audio_cost [--seconds N] [--json FILE]
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np

from monitor.audio.chunk import Samples
from monitor.audio.resample import Quality, Resampler
from monitor.audio.speech import SpeechDetector
from monitor.timeline import SAMPLE_RATE

RATES = (8_000, 44_100, 48_000)
CHUNK = 0.02
"""Seconds pushed at a time, as a live source does."""


def noise(rate: int, seconds: int) -> Samples:
    return np.random.default_rng(0).normal(0, 0.1, rate * seconds).astype(np.float32)


def cost(push: Callable[[Samples], object], samples: Samples, rate: int) -> float:
    """Milliseconds of one core a second of audio; the best of three runs, since other work on the machine only adds."""
    step = int(rate * CHUNK)
    pieces = [samples[start : start + step] for start in range(0, len(samples), step)]
    runs = []
    for _ in range(3):
        began = time.process_time()
        for piece in pieces:
            push(piece)
        runs.append(time.process_time() - began)
    return min(runs) * 1_000 / (len(samples) / rate)


def held_back(rate: int, quality: Quality) -> tuple[float, float]:
    """Mean and largest number of milliseconds by which the output is behind the input, once it flows."""
    resampler, step, given = Resampler(rate, quality), int(rate * CHUNK), 0
    behind = []
    for number in range(1, 251):
        given += len(resampler.push(np.zeros(step, np.float32)))
        behind.append((number * step / rate - given / SAMPLE_RATE) * 1_000)
    return float(np.mean(behind[50:])), max(behind[50:])


def measure(seconds: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for rate in RATES:
        for quality in get_args(Quality):
            mean, most = held_back(rate, quality)
            spent = cost(Resampler(rate, quality).push, noise(rate, seconds), rate)
            rows.append({"step": f"resample {rate} {quality}", "ms": spent, "held_ms": mean, "held_max_ms": most})
    speech = cost(SpeechDetector().update, noise(SAMPLE_RATE, seconds), SAMPLE_RATE)
    rows.append({"step": "speech activity", "ms": speech, "held_ms": 16.0, "held_max_ms": 32.0})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="of audio a run")
    parser.add_argument("--json", type=Path, help="also write the rows there")
    arguments = parser.parse_args()
    rows = measure(arguments.seconds)
    print(f"{'a second of a leg':<28}{'ms of a core':>14}{'held back, mean ms':>22}{'most':>8}")
    for row in rows:
        print(f"{row['step']:<28}{row['ms']:>14.2f}{row['held_ms']:>22.1f}{row['held_max_ms']:>8.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
