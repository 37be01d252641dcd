"""How much memory and time a folder of many `.npy` files takes: `monitor.analysis.stream` beside the loop by hand.

python -m lab.experiments.embeddings_memory [--files 1000 10000] [--frames 25]

Each way in a process of its own, the mean of the rows of each file. By hand: `for path in sorted(glob): np.load(path,
allow_pickle=False).mean(axis=0)`, one by one, and all arrays in a list first, as it is written when nobody thinks of memory.
The files are hard links to 20, which the system has in its cache.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from monitor.analysis import stream

DISTINCT = 20
WAYS = ("stream", "stream, 2 workers", "by hand, one by one", "by hand, all in a list")


def fill(folder: Path, files: int, frames: int) -> None:
    random = np.random.default_rng(1)
    for number in range(files):
        path = folder / f"{number:06}.npy"
        if number < DISTINCT:
            np.save(path, random.normal(0, 1, (frames, 1024)).astype(np.float32))
        else:
            os.link(folder / f"{number % DISTINCT:06}.npy", path)


def work(way: str, folder: Path) -> int:
    """Go through the folder; how many files there were."""
    if way.startswith("stream"):
        workers = 2 if way.endswith("2 workers") else 1
        return sum(outcome.error is None for outcome in stream(folder, lambda embedding: embedding.mean(), workers=workers))
    paths = sorted(folder.glob("*.npy"))
    if way.endswith("list"):
        arrays = [np.load(path, allow_pickle=False) for path in paths]
        return len([array.mean(axis=0) for array in arrays])
    return sum(np.load(path, allow_pickle=False).mean(axis=0).shape == (1024,) for path in paths)


def peak() -> float:
    """MB of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(way: str, folder: Path) -> None:
    """In a process of its own: the peak beyond what it held before, and the time."""
    work(way, folder.parent / "warm")
    before, begun = peak(), time.perf_counter()
    files = work(way, folder)
    seconds = time.perf_counter() - begun
    print(f"{way:24s} {files:7d} {peak() - before:9.1f} {seconds:8.2f} {seconds / files * 1e3:9.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--frames", type=int, default=25)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        measure(arguments.way, arguments.folder)
        return
    print(f"{'way':24s} {'files':>7s} {'peak MB':>9s} {'seconds':>8s} {'ms a file':>9s}")
    with tempfile.TemporaryDirectory() as name:
        for files in (DISTINCT, *arguments.files):
            folder = Path(name) / ("warm" if files == DISTINCT else str(files))
            folder.mkdir()
            fill(folder, files, arguments.frames)
            for way in WAYS if files != DISTINCT else ():
                command = [sys.executable, "-m", "lab.experiments.embeddings_memory", "--way", way, "--folder", str(folder)]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
