"""How many live calls over real RTP one machine carries: a service in processes of its own, packets from another process.

    python -m lab.experiments.many_calls load --calls 100 --calls 200 --workers 1 --workers 2 --tree OLDER_CHECKOUT
    python -m lab.experiments.many_calls load --calls 200 --workers 2 --minutes 10
    python -m lab.experiments.many_calls search --repeat 3 this:1:60:120 this:2:120:240 OLDER_CHECKOUT:2:60:110

Each load is a fresh service with so many calls of two legs, the demonstration's call in a loop, G.711 in packets of 20 ms that
are made beforehand. On each leg somebody speaks for four tenths of the time; `--silent 0.5`: on half of the legs nobody ever
does. After `--settle` seconds it is watched for `--seconds`, or `--minutes`. It is carried where the worst p95 latency of
windows keeps within `--latency`, no frame is skipped, and the hop grows by at most 5 %.

A row: that; packets that were sent and not heard; processor time of the service's processes a leg-second, in user and in system
mode, and the engine's share by the clock; context switches because a thread waited, or had to; system calls (by `perf`, where
there is one), and those that read and write files; memory a call beyond the service with as many workers and no calls; threads,
descriptors; what share of a core the sender took.

`search` looks for the greatest load of each VERSION:WORKERS:LOW:HIGH (`this`, or a checkout; how many calls are thought to be
carried, and how many not), by bisection to within `--precision`, all in turn, `--repeat` times. `--tree` and checkouts: the
service of that version, by this interpreter; rows of one run can be compared, of two runs hardly.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

import soundfile

from lab.experiments.many_calls.load import Row, Terms, Variant, measure
from lab.experiments.many_calls.search import Guess, in_turn
from lab.experiments.many_calls.service import takes_workers
from monitor.demo import CALL

COLUMNS = {
    "version": "version",
    "workers": "workers",
    "calls": "calls",
    "carried": "carried",
    "p95": "p95 s",
    "skipped": "skipped",
    "hop_factor": "hop",
    "lost": "lost",
    "user_ms": "user ms",
    "system_ms": "system ms",
    "engine_ms": "engine ms",
    "voluntary": "waits",
    "involuntary": "preempted",
    "system_calls": "system calls",
    "reads": "reads",
    "writes": "writes",
    "memory_mb_a_call": "MB a call",
    "threads": "threads",
    "descriptors": "descriptors",
    "sender_busy": "sender",
}


def shown(rows: Sequence[Row]) -> str:
    """A table in Markdown."""
    head = [f"| {' | '.join(COLUMNS.values())} |", f"|---|{'---:|' * (len(COLUMNS) - 1)}"]
    return "\n".join([*head, *(f"| {' | '.join(_cell(getattr(row, name)) for name in COLUMNS)} |" for row in rows)])


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def guess_of(text: str) -> Guess:
    """VERSION:WORKERS:LOW:HIGH. Raises `ArgumentTypeError`."""
    try:
        version, workers, low, high = text.rsplit(":", 3)
        tree = None if version == "this" else Path(version).resolve()
        return Guess(_variant(tree, int(workers)), int(low), int(high))
    except (ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(f"expected VERSION:WORKERS:LOW:HIGH, got {text!r}: {error}") from None


def _variant(tree: Path | None, workers: int) -> Variant:
    return Variant(tree, workers if takes_workers(tree) else None)


def load(args: argparse.Namespace, terms: Terms) -> list[Row]:
    """Each load of each version, old and new in turn."""
    rows: list[Row] = []
    for calls in args.calls:
        for workers in args.workers or [1]:
            for tree in [*(tree.resolve() for tree in args.tree or ()), None]:
                variant = _variant(tree, workers)
                rows.append(measure(variant, calls, terms, each_minute=_say if args.minutes else None))
                _say(shown(rows[-1:]).splitlines()[-1])
    print(shown(rows))
    return rows


def search(args: argparse.Namespace, terms: Terms) -> list[Row]:
    """The greatest load of each variant."""
    rows: list[Row] = []

    def carries(variant: Variant, calls: int) -> bool:
        rows.append(measure(variant, calls, terms, to_the_end=False))
        _say(shown(rows[-1:]).splitlines()[-1])
        return rows[-1].carried

    found = in_turn(args.variants, args.repeat, args.precision, carries)
    print(shown(rows))
    print("\n| version | workers | calls carried, each time | median |\n|---|---:|---|---:|")
    for variant, calls in found.items():
        print(f"| {variant.name} | {variant.workers or '-'} | {', '.join(map(str, calls))} | {median(calls):g} |")
    print("\nAs carried:\n")
    greatest = {(variant.name, variant.workers, calls) for variant, each in found.items() for calls in each}
    print(shown([row for row in rows if row.carried and (row.version, row.workers, row.calls) in greatest]))
    return rows


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--settle", type=float, default=8.0)
    common.add_argument("--seconds", type=float, default=12.0)
    common.add_argument("--latency", type=float, default=1.5)
    common.add_argument("--silent", type=float, default=0.0)
    common.add_argument("--json", type=Path)
    commands = parser.add_subparsers(required=True)
    loads = commands.add_parser("load", parents=[common], help="so many calls")
    loads.add_argument("--calls", type=int, action="append", required=True)
    loads.add_argument("--workers", type=int, action="append")
    loads.add_argument("--tree", type=Path, action="append", help="a checkout of another version")
    loads.add_argument("--minutes", type=float, help="in place of --seconds, and each minute is told")
    loads.set_defaults(work=load)
    searches = commands.add_parser("search", parents=[common], help="the greatest number of calls that is carried")
    searches.add_argument("variants", type=guess_of, nargs="+", metavar="VERSION:WORKERS:LOW:HIGH")
    searches.add_argument("--repeat", type=int, default=3)
    searches.add_argument("--precision", type=float, default=0.08)
    searches.set_defaults(work=search, minutes=None)
    args = parser.parse_args()
    if soundfile.info(str(CALL)).samplerate != 8_000:
        raise SystemExit("the demonstration's call is expected at 8 kHz")
    terms = Terms(args.settle, 60 * args.minutes if args.minutes else args.seconds, args.latency, args.silent)
    rows = args.work(args, terms)
    if args.json:
        args.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
