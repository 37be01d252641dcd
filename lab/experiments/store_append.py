"""What it costs to commit frames: our store and a plain zarr append, in one run. Then what a call-hour takes on the disk.

    python -m lab.experiments.store_append [--folder FOLDER] [--json FILE]

The frames are a random walk, smoothed as embeddings are; the disk is the one that holds FOLDER (default: the temporary folder).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr

from monitor.config.sections import StoreSection
from monitor.events import Frames
from monitor.frame_format import LegFormat, as_stored
from monitor.store.base import CallRecord
from monitor.store.zarr.store import ZarrStore
from monitor.timeline import FRAME_RATE

HOP_FRAMES = 25
CLASSES = 9


def embeddings(dim: int, seconds: int) -> Iterator[Frames]:
    """Appends of half a second. Neighbouring frames are alike, so that the disk sees what an engine would give it."""
    rng = np.random.default_rng(7)
    level = rng.standard_normal(dim)
    for start in range(0, seconds * FRAME_RATE, HOP_FRAMES):
        steps = rng.standard_normal((HOP_FRAMES, dim)) * 0.2
        walk = level + np.cumsum(steps, axis=0)
        level = walk[-1] * 0.98
        logits = rng.standard_normal((HOP_FRAMES, CLASSES), dtype=np.float32)
        speech = rng.random(HOP_FRAMES, dtype=np.float32)
        yield Frames("bench", "customer", start, walk.astype(np.float32), logits, speech, np.zeros(HOP_FRAMES, np.uint8))


def timed(append: Callable[[Frames], None], frames: Iterator[Frames], format_: LegFormat) -> dict[str, float]:
    """Milliseconds an append."""
    costs = []
    for run in frames:
        stored = as_stored(run, format_)
        began = time.perf_counter()
        append(stored)
        costs.append((time.perf_counter() - began) * 1e3)
    return {
        "median_ms": round(float(np.median(costs)), 3),
        "mean_ms": round(float(np.mean(costs)), 3),
        "p99_ms": round(float(np.quantile(costs, 0.99)), 2),
        "max_ms": round(float(np.max(costs)), 1),
    }


def our_store(folder: Path, dim: int, seconds: int, fsync: bool) -> dict[str, float]:
    format_ = LegFormat(dim, CLASSES)
    store = ZarrStore(StoreSection(path=folder, fsync=fsync))
    record = CallRecord("bench", datetime.now(UTC), "benchmark", {}, tuple("abcdefghi"), {"customer": format_})
    writer = store.create(record)
    return timed(writer.append, embeddings(dim, seconds), format_)


def plain_zarr(folder: Path, dim: int, seconds: int, chunk: int) -> dict[str, float]:
    """`Array.append` on the same four arrays: what one writes first, with its fill-value tail after a crash."""
    group = zarr.create_group(folder, zarr_format=3)
    widths: dict[str, tuple[tuple[int, ...], str]] = {
        "embedding": ((dim,), "float16"),
        "logits": ((CLASSES,), "float32"),
        "speech": ((), "float32"),
        "marks": ((), "uint8"),
    }
    arrays = {
        name: group.create_array(name, shape=(0, *width), chunks=(chunk, *width), dtype=dtype)
        for name, (width, dtype) in widths.items()
    }

    def append(frames: Frames) -> None:
        for name, array in arrays.items():
            array.append(getattr(frames, name).astype(array.dtype))

    return timed(append, embeddings(dim, seconds), LegFormat(dim, CLASSES))


def call_hour(
    folder: Path, dim: int, stride: int, dtype: Literal["float16", "float32"], seconds: int
) -> dict[str, float | int]:
    """Size on the disk of a leg, for an hour; snapshots (float32 `.npy`) apart."""
    format_ = LegFormat(dim, CLASSES, stride, dtype)
    store = ZarrStore(StoreSection(path=folder, fsync=False))
    record = CallRecord("bench", datetime.now(UTC), "benchmark", {}, tuple("abcdefghi"), {"customer": format_})
    writer = store.create(record)
    for run in embeddings(dim, seconds):
        writer.append(as_stored(run, format_))
    writer.finish("finished", {})
    files = [path for path in store.layout.calls.rglob("*") if path.is_file()]
    snapshot = [path for path in store.layout.snapshots("bench").rglob("*") if path.is_file()]
    factor = 3600 / seconds
    return {
        "frames_mb": round(sum(path.stat().st_size for path in files) * factor / 1e6, 1),
        "files": round(sum("/c/" in str(path) for path in files) * factor),
        "snapshot_mb": round(sum(path.stat().st_size for path in snapshot) * factor / 1e6, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    report: dict[str, Any] = {"append_25_frames": {}, "leg_hour": {}}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        for dim in (1024, 128):
            report["append_25_frames"][f"{dim}: store, fsync"] = our_store(folder / f"a{dim}", dim, options.seconds, True)
            report["append_25_frames"][f"{dim}: store"] = our_store(folder / f"b{dim}", dim, options.seconds, False)
            report["append_25_frames"][f"{dim}: zarr append, chunk 50"] = plain_zarr(folder / f"c{dim}", dim, 60, 50)
            report["append_25_frames"][f"{dim}: zarr append, chunk 500"] = plain_zarr(folder / f"d{dim}", dim, 60, 500)
        for dim in (1024, 128):
            for dtype in ("float16", "float32"):
                for stride in (1, 5):
                    path = folder / f"e{dim}{dtype}{stride}"
                    line = f"{dim} {dtype} {FRAME_RATE // stride} Hz"
                    report["leg_hour"][line] = call_hour(path, dim, stride, dtype, options.seconds)
    for title, lines in report.items():
        print(title)
        for line, values in lines.items():
            print(f"  {line:32}", "  ".join(f"{key} {value}" for key, value in values.items()))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
