"""How fast a search is, and how much of the exact answer it gives: the index of `monitor.analysis.search` beside comparing all.

    python -m lab.experiments.search_speed [--pieces 1000000] [--dim 96]     made-up embeddings
    python -m lab.experiments.search_speed --clips FOLDER [--limit N]        of labelled clips, by the compact engine
    python -m lab.experiments.search_speed --clips FOLDER --pieces 1000000   the same, grown

Made-up: 5,000 speakers in eight moods each, in 32 dimensions of falling variance, with noise in all; queries are of the same
speakers and moods, and are no piece of the index. Of clips: the mean of each fifth of a second, of all speakers but one in ten;
queries are of those. Grown: more pieces are made of them, each one of them moved by half of the difference between two others
of one clip. All on one core.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lab.hearing.hearing import hear
from lab.labels import Clip, held_out, read_clips
from monitor.alerts.rules import RuleSet
from monitor.analysis.search import SearchIndex
from monitor.analysis.search.index import LARGE
from monitor.analysis.search.pieces import Pieces
from monitor.analysis.search.segment import Hit
from monitor.config import Settings
from monitor.engines.registry import load_engine
from monitor.learned.engine_key import EngineKey
from monitor.pipeline.inference import InferenceWorker
from monitor.sources.file import FileSource

QUERIES, K = 200, 10
PIECES_A_CALL = 128
PIECE_FRAMES = 10
Vectors = NDArray[np.float32]


class MadeUp:
    """A population of which vectors are drawn."""

    def __init__(self, dim: int) -> None:
        rng = np.random.default_rng(1)
        self._axes = np.linalg.qr(rng.standard_normal((dim, min(32, dim))))[0].T * np.linspace(1.5, 0.3, min(32, dim))[:, None]
        self._speakers = rng.standard_normal((5000, len(self._axes)))
        self._moods = 0.7 * rng.standard_normal((8, len(self._axes)))
        self._dim = dim

    def draw(self, count: int, rng: np.random.Generator) -> Vectors:
        """Unit vectors, shape (count, D)."""
        of = self._speakers[rng.integers(0, len(self._speakers), count)] + self._moods[rng.integers(0, len(self._moods), count)]
        inner = (of + 0.5 * rng.standard_normal(of.shape)) @ self._axes
        return unit(inner + 0.1 * rng.standard_normal((count, self._dim)))


def unit(vectors: NDArray[Any]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def made_up(pieces: int, dim: int) -> tuple[Iterator[Vectors], Vectors]:
    population = MadeUp(dim)
    rng = np.random.default_rng(2)
    batches = (population.draw(min(LARGE, pieces - start), rng) for start in range(0, pieces, LARGE))
    return batches, population.draw(QUERIES, np.random.default_rng(3))


def of_clips(folder: Path, limit: int, pieces: int) -> tuple[Iterator[Vectors], Vectors]:
    clips = read_clips(folder)
    clips = clips[:: max(len(clips) // limit, 1)] if limit else clips
    apart = held_out(clips, 0.1)
    asked, kept = ([clip for clip in clips if (clip.person in apart) == held] for held in (True, False))
    settings = Settings()
    worker = InferenceWorker.of(load_engine(settings.engine), settings.engine)
    pool = np.concatenate([unit(means(clip, settings, worker)) for clip in asked[:: max(len(asked) // 200, 1)]])
    queries = pool[np.random.default_rng(3).choice(len(pool), QUERIES, replace=False)]
    heard = [means(clip, settings, worker) for clip in kept]
    return in_batches(
        np.concatenate(heard), max(pieces, sum(map(len, heard))), [clip for clip in heard if len(clip) > 1]
    ), queries


def means(clip: Clip, settings: Settings, worker: InferenceWorker) -> Vectors:
    """Of each fifth of a second, shape (n, D)."""
    heard = hear(FileSource(clip.path, ("customer",)), settings, RuleSet(()), worker, embeddings=True)
    rows = heard.legs["customer"].frames.embedding
    count = len(rows) // PIECE_FRAMES
    return np.asarray(rows[: count * PIECE_FRAMES].reshape(count, PIECE_FRAMES, -1).mean(axis=1), np.float32)


def in_batches(real: Vectors, pieces: int, clips: list[Vectors]) -> Iterator[Vectors]:
    rng = np.random.default_rng(4)
    for start in range(0, pieces, LARGE):
        rows = np.arange(start, min(start + LARGE, pieces))
        batch = real[rows % len(real)].copy()
        for place in np.flatnonzero(rows >= len(real)):
            clip = clips[rng.integers(len(clips))]
            one, other = rng.choice(len(clip), 2, replace=False)
            batch[place] += 0.5 * (clip[one] - clip[other])
        yield unit(batch)


class Exact:
    """The most similar of all vectors so far, in float32, by comparing all."""

    def __init__(self, queries: Vectors) -> None:
        self._queries, self._count = queries, 0
        self.rows = np.full((len(queries), K), -1)
        self._best = np.full((len(queries), K), -np.inf, np.float32)
        self.seconds = 0.0
        """Of the processor that one query takes for all vectors."""

    def take(self, vectors: Vectors) -> None:
        began = time.process_time()
        np.argpartition(-(vectors @ self._queries[0]), min(K, len(vectors) - 1))
        self.seconds += time.process_time() - began
        every = np.concatenate([self._best, self._queries @ vectors.T], axis=1)
        numbers = np.concatenate(
            [
                self.rows,
                np.broadcast_to(np.arange(self._count, self._count + len(vectors)), (len(self._queries), len(vectors))),
            ],
            axis=1,
        )
        order = np.argpartition(-every, K - 1, axis=1)[:, :K]
        self._best, self.rows = np.take_along_axis(every, order, 1), np.take_along_axis(numbers, order, 1)
        self._count += len(vectors)


def measured(batches: Iterator[Vectors], queries: Vectors, folder: Path) -> dict[str, Any]:
    index, exact = SearchIndex(folder / "search"), Exact(queries)
    key = EngineKey("compact", "experiment", queries.shape[1])
    count, build = 0, 0.0
    for batch in batches:
        exact.take(batch)
        numbers = np.arange(count, count + len(batch))
        call, piece = numbers // PIECES_A_CALL, numbers % PIECES_A_CALL
        names, of = np.unique(call, return_inverse=True)
        places = np.stack([of, np.zeros_like(of), piece], axis=1).astype(np.int32)
        began = time.perf_counter()
        # A call's pieces may lie in two batches here, so the batch is a part of its name.
        index.add([{key: Pieces(tuple(f"{name}.{count}" for name in names), batch.astype(np.float16), places)}])
        while index.settle():
            pass
        build += time.perf_counter() - began
        count += len(batch)
        print(f"  {count} pieces, {build:.0f} s", flush=True)
    fresh = SearchIndex(folder / "search")
    began = time.perf_counter()
    info = fresh.info()[0]
    opened = time.perf_counter() - began
    timed(fresh, key, queries)  # has the system read the files
    began = time.process_time()
    times, found = timed(fresh, key, queries)
    processor = time.process_time() - began
    recall = np.mean([len(set(one) & set(map(int, row))) / K for one, row in zip(found, exact.rows, strict=True)])
    return {
        "pieces": count,
        "dim": queries.shape[1],
        "recall_at_10": round(float(recall), 4),
        "search_ms": {
            name: round(float(np.quantile(times, q)), 2) for name, q in (("median", 0.5), ("p95", 0.95), ("p99", 0.99))
        },
        "processor_ms_mean": round(processor / len(queries) * 1e3, 2),
        "compare_all_processor_ms": round(exact.seconds * 1e3, 1),
        "build_s": round(build, 1),
        "open_s": round(opened, 2),
        "segments": info.segments,
        "megabytes": round(info.bytes / 1e6),
        "bytes_a_piece": round(info.bytes / count, 1),
    }


def timed(index: SearchIndex, key: EngineKey, queries: Vectors) -> tuple[list[float], list[list[int]]]:
    """Milliseconds a query, and the rows found."""
    times, found = [], []
    for query in queries:
        began = time.perf_counter()
        hits = index.search(key, query, 4 * K)
        times.append((time.perf_counter() - began) * 1e3)
        found.append([row_of(hit) for hit in hits[:K]])
    return times, found


def row_of(hit: Hit) -> int:
    call, _, piece = hit.segment.place(hit.row)
    return int(call.partition(".")[0]) * PIECES_A_CALL + piece


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=0, help="1,000,000 made-up ones, or all of the clips")
    parser.add_argument("--dim", type=int, default=96)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="clips; 0 takes all")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.clips is None:
        batches, queries = made_up(asked.pieces or 1_000_000, asked.dim)
    else:
        batches, queries = of_clips(asked.clips, asked.limit, asked.pieces)
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        report = measured(batches, queries, Path(folder))
    report["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(report, indent=2))
    if asked.json is not None:
        asked.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
