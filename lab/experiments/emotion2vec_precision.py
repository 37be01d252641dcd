"""What emotion2vec's fast path and its precisions cost and change, against FunASR's own network in the same run.

Run from the repository's root:

    python -m lab.experiments.emotion2vec_precision [--model MODEL | --size large] [--audio FILE] [--device cuda]

One leg's windows (2 s, hop 0.5 s, lookahead 0.5 s) are computed one after the other by FunASR's network, as `generate()` runs
it, and by the engine in every precision that the device has. Compared are the frames, row by row:

- cosine: of embeddings with those of `against`, mean and least over the frames;
- logits: largest difference;
- label: part of the frames whose strongest class is the same;
- cost: processor time (on a GPU: time) for a second of sound of one leg, speech detection included, and the ratio to FunASR's.
  The least of `--rounds` rounds, taken in turns, so that other work on the machine meets all of them alike.

Without `--model` the weights are random, of the true architecture: costs are real; deviations are those of the arithmetic, but
how near classes lie to each other, and so how often a label changes, is for trained weights to say.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
import torch
from numpy.typing import NDArray

from lab.experiments.emotion2vec_context import cosine, sound
from monitor.audio.chunk import Samples
from monitor.demo import CALL
from monitor.engines.base import Window
from monitor.engines.emotion2vec.device import choose_precision
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.load import load_model
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.emotion2vec.original import Original
from monitor.engines.emotion2vec.random_model import SIZES
from monitor.errors import EngineError
from monitor.timeline import SAMPLE_RATE
from tests.conformance.engine_calls import joined, windows
from tests.engines.emotion2vec_dir import write_model

Result = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass
class Way:
    """One way to compute the frames."""

    name: str
    against: str
    run: Callable[[], Result]
    seconds: float = float("inf")
    result: Result | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder, prepared file or hub id of real weights")
    parser.add_argument("--size", choices=SIZES, default="large", help="of random weights")
    parser.add_argument(
        "--audio", type=Path, default=CALL, help="sound to listen to (first channel); default: the demonstration's"
    )
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    samples = sound(arguments.audio, arguments.seconds)
    clock = process_time if arguments.device == "cpu" else perf_counter
    torch.set_num_threads(arguments.threads)
    with TemporaryDirectory() as folder:
        model = arguments.model or str(write_model(Path(folder), arguments.size))
        ways = list(all_ways(model, samples, arguments.device, arguments.threads))
        for _ in range(arguments.rounds):
            for way in ways:
                began = clock()
                way.result = way.run()
                way.seconds = min(way.seconds, clock() - began)
    report(ways, len(samples) / SAMPLE_RATE)


def all_ways(model: str, samples: Samples, device: str, threads: int) -> list[Way]:
    common = {"model": model, "device": device, "threads": threads}

    def load(**settings: object) -> Emotion2vecEngine:
        return Emotion2vecEngine(Emotion2vecOptions.model_validate(common | {"gate": 0} | settings))

    def engine(**settings: object) -> Callable[[], Result]:
        return partial(slide, load(**settings), samples)

    original, exact = Original(load_model(model, 5.0)), load(precision="fp32")
    ways = [
        Way("FunASR", "FunASR", partial(slide_original, original, list(windows(exact, 0, samples)))),
        Way("fp32, window by window", "FunASR", engine(normalise="window", precision="fp32")),
        Way("fp32", "FunASR", partial(slide, exact, samples)),
    ]
    for precision in ("int8", "bf16", "fp16"):
        try:
            choose_precision(precision, torch.device(device))
        except EngineError as error:
            print(f"{precision}: {error}")
            continue
        ways.append(Way(precision, "fp32", engine(precision=precision)))
    return ways


def slide(engine: Emotion2vecEngine, samples: Samples) -> Result:
    frames = joined([engine.infer([window])[0] for window in windows(engine, engine.open_leg(), samples)])
    return frames.embedding, frames.logits


def slide_original(original: Original, cut: Sequence[Window]) -> Result:
    parts = []
    for window in cut:
        embedding, logits = original(window.samples)
        wanted = slice(window.first - window.start, window.stop - window.start)
        parts.append((embedding[wanted], logits[wanted]))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def report(ways: list[Way], seconds: float) -> None:
    by_name = {way.name: way for way in ways}
    print(f"{'':24} | against | cosine mean    least | logits | label | ms a second | ratio")
    for way in ways:
        mine, other = way.result, by_name[way.against].result
        if mine is None or other is None:
            raise SystemExit("--rounds must be at least 1")
        alike, logits = cosine(mine[0], other[0]), np.abs(mine[1] - other[1]).max()
        label = float((mine[1].argmax(axis=1) == other[1].argmax(axis=1)).mean())
        print(
            f"{way.name:24} | {way.against:7} | {alike.mean():11.6f} {alike.min():.6f} | {logits:6.4f} | {label:5.3f} "
            f"| {1000 * way.seconds / seconds:11.0f} | {ways[0].seconds / way.seconds:5.2f}"
        )


if __name__ == "__main__":
    main()
