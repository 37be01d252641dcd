"""What calls that come over `/ws/v1/ingest` cost the front of a service, and its workers.

    python -m lab.experiments.ingest_cost --calls 7 --tree OLDER_CHECKOUT

A service with two workers in processes of its own; calls of two legs, the demonstration's sound, messages of 20 ms, from
another process. After some seconds the processor time of the service's processes is counted for `--seconds`. A row a version,
in turn, `--repeat` times: ms of a core a leg-second of the front, and of all others.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile
from websockets.asyncio.client import connect

from lab.experiments.many_calls.service import service
from lab.experiments.many_calls.use import seconds_of, use_of
from monitor.demo import CALL

SETTLE = 7.0
"""Seconds after which the calls have begun and batches have found their size."""
PIECE = 160
"""Samples of a message: 20 ms."""


async def bring(url: str, calls: int) -> None:
    """So many calls, until this is ended."""
    sound, rate = soundfile.read(CALL, dtype="int16", always_2d=True)
    pieces = [sound[begin : begin + PIECE] for begin in range(0, len(sound) - PIECE, PIECE)]
    hello = json.dumps({"type": "hello", "legs": ["customer", "agent"], "rate": rate})

    async def one(number: int) -> None:
        place = round(0.618034 * number % 1 * len(pieces))
        async with connect(url, compression=None) as websocket:
            await websocket.send(hello)
            begun = time.monotonic()
            for count in range(sys.maxsize):
                await asyncio.sleep(max(0.0, begun + count * PIECE / rate - time.monotonic()))
                piece = pieces[(place + count) % len(pieces)]
                for leg in (0, 1):
                    await websocket.send(bytes([leg]) + np.ascontiguousarray(piece[:, leg]).tobytes())

    await asyncio.gather(*map(one, range(calls)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--tree", type=Path, help="a checkout of another version")
    parser.add_argument("--bring", metavar="URL", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.bring:
        asyncio.run(bring(args.bring, args.calls))
        return
    print("| version | front ms | others ms |\n|---|---:|---:|")
    for tree in [args.tree.resolve(), None] * args.repeat if args.tree else [None] * args.repeat:
        with service(tree, 2, args.calls) as (url, process):
            address = url.replace("http", "ws", 1) + "/ws/v1/ingest"
            command = [sys.executable, "-m", "lab.experiments.ingest_cost", "--calls", str(args.calls), "--bring", address]
            sender = subprocess.Popen(command)
            time.sleep(SETTLE)
            before, of_all, began = seconds_of(process.pid), use_of(process.pid), time.monotonic()
            time.sleep(args.seconds)
            front, after = seconds_of(process.pid) - before, use_of(process.pid)
            leg_seconds = 2 * args.calls * (time.monotonic() - began)
            sender.kill()
            sender.wait()
        every = after.user + after.system - of_all.user - of_all.system
        each = [f"{1000 * seconds / leg_seconds:.2f}" for seconds in (front, every - front)]
        print(f"| {'this' if tree is None else tree.name} | {each[0]} | {each[1]} |", flush=True)


if __name__ == "__main__":
    main()
