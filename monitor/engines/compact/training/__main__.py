"""`python -m monitor.engines.compact.training --clips DIR --out FILE`."""

import argparse
import sys
from pathlib import Path

from monitor.engines.compact.training import Recipe, train
from monitor.errors import MonitorError


def _print(stage: str, done: int, total: int, note: str = "") -> None:
    end = "\n" if note or done == total else "\r"
    print(f"{stage}: {done}/{total} {note}".rstrip(), end=end, file=sys.stderr, flush=True)


def main() -> int:
    """Parse the flags and train; the exit code."""
    defaults = Recipe()
    parser = argparse.ArgumentParser(prog="monitor.engines.compact.training", description="Train the compact engine.")
    parser.add_argument("--clips", type=Path, required=True, help="folder with labels.csv and the clips it names")
    parser.add_argument("--out", type=Path, required=True, help="weights file to write")
    parser.add_argument("--noise", type=Path, help="folder of recordings to be noisy with")
    parser.add_argument("--teacher", type=Path, help="wheel of pipecat-ai 1.14.0, or the ONNX file in it, to learn from")
    parser.add_argument("--cache", type=Path, help="folder for rendered clips (default: beside the weights)")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--epochs", type=int, default=defaults.epochs)
    parser.add_argument("--versions", type=int, default=defaults.versions, help="telephone lines a clip is heard over")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=defaults.rate, help="peak learning rate")
    parser.add_argument("--start", type=Path, help="weights to begin from; their licence may bind what comes of them")
    parser.add_argument("--licence", default="", help="licence of the weights, kept in their header")
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint beside the weights")
    args = parser.parse_args()
    recipe = Recipe(seed=args.seed, epochs=args.epochs, versions=args.versions, rate=args.rate)
    try:
        train(
            args.clips,
            args.out,
            progress=_print,
            noise=args.noise,
            teacher=args.teacher,
            cache=args.cache,
            recipe=recipe,
            resume=args.resume,
            start=args.start,
            licence=args.licence,
            threads=args.threads,
        )
    except MonitorError as error:
        print(f"emotion-monitor: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
