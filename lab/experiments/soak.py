"""A load of live calls for minutes or hours: does memory or latency grow, is every frame accounted for, is any leg lost?

    python -m lab.experiments.soak --capacity 12 --share 0.9 --minutes 30          # must stay flat
    python -m lab.experiments.soak --capacity 12 --share 2 --minutes 5             # overload: must count what it skips

`--capacity` is what `emotion-monitor capacity` says (calls); the load is `--share` of it. A line a minute: resident memory, p95
latency of that time's last windows, growth of the hop, frames heard and skipped since the start, and the legs of which nothing
was heard in that minute. Exit code 1 where memory or latency were not flat (up to a share of 1), a frame is missing in the
account, or a leg was lost. Memory is compared with that after a third of the time: calls fill their buffers first.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.capacity.load import Load
from lab.sound import read_legs
from monitor.config import load_settings
from monitor.demo import CALL
from monitor.engines.registry import load_engine

PAGE = 4096
FLAT_MEMORY = 0.05
"""Growth from the first third to the end that passes for flat, as a share ..."""
FLAT_LATENCY = 0.25
"""... and of the p95 latency, in seconds."""


@dataclass(frozen=True, slots=True)
class Minute:
    """What is known at the end of a minute."""

    minute: int
    memory_mb: float
    p95_latency: float
    p95_speaking: float
    hop_factor: float
    batch_size: float
    heard: int
    skipped: int
    behind: float
    lost_legs: int
    """Legs of which no frame was heard within this minute."""


def memory_mb() -> float:
    """Resident set of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * PAGE / 1e6


def heard_by_leg(load: Load) -> list[int]:
    """Frames heard so far of each leg that is inferred."""
    subjects = load.monitor.settings.privacy.subjects
    reports = [(leg, report) for call in load.calls for leg, report in call.reports().items() if leg in subjects]
    return [report["frames"] - report["gaps"] for _, report in reports]


def watch(load: Load, minutes: int) -> list[Minute]:
    """A line a minute."""
    print("| minute | memory MB | p95 s | p95 speaking s | hop x | batch | heard | skipped | behind s | legs lost |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    found: list[Minute] = []
    before, began = heard_by_leg(load), time.monotonic()
    for minute in range(1, minutes + 1):
        time.sleep(max(0.0, began + 60 * minute - time.monotonic()))
        report, inference, now = load.report(), load.monitor.status().inference, heard_by_leg(load)
        found.append(
            Minute(
                minute,
                round(memory_mb(), 1),
                report.p95_latency,
                round(inference.latency_p95_by_urgency["speaking"], 3),
                report.hop_factor,
                report.batch_size,
                sum(now),
                report.skipped,
                report.behind,
                sum(new == old for new, old in zip(now, before, strict=True)),
            )
        )
        print("| " + " | ".join(map(str, asdict(found[-1]).values())) + " |", flush=True)
        before = now
    return found


def account(load: Load) -> dict[str, int]:
    """End the calls; frames of the inferred legs by what became of them, and by what the store and the journal hold."""
    for call in load.calls:
        call.stop("stopped")
    for call in load.calls:
        call.wait(120)
    subjects = load.monitor.settings.privacy.subjects
    reports = [(call, leg, report) for call in load.calls for leg, report in call.reports().items() if leg in subjects]
    said = load.monitor.journal.read(0, types=("frames_skipped",), limit=1_000_000)
    return {
        "audio": sum(int(report["seconds"] * 50 + 1e-6) for _, _, report in reports),
        "frames": sum(report["frames"] for _, _, report in reports),
        "stored": sum(load.monitor.store.open(call.id).committed(leg) for call, leg, _ in reports),
        "heard": sum(report["frames"] - report["gaps"] for _, _, report in reports),
        "skipped": sum(report["gaps"] for _, _, report in reports),
        "skipped_said": sum(event["frames"] for event in said),
        "skipped_counted": sum(load.monitor.status().inference.frames_skipped.values()),
    }


def faults(minutes: Sequence[Minute], frames: dict[str, int], share: float) -> list[str]:
    """What was not as it must be."""
    found = []
    third, last = minutes[len(minutes) // 3], minutes[-1]
    if share <= 1 and last.memory_mb > third.memory_mb * (1 + FLAT_MEMORY):
        found.append(f"memory grew from {third.memory_mb} to {last.memory_mb} MB")
    if share <= 1 and last.p95_latency > third.p95_latency + FLAT_LATENCY:
        found.append(f"p95 latency grew from {third.p95_latency} to {last.p95_latency} s")
    if not frames["audio"] == frames["frames"] == frames["stored"] == frames["heard"] + frames["skipped"]:
        found.append("frames of the audio, of the account and of the store differ")
    if not frames["skipped"] == frames["skipped_said"] == frames["skipped_counted"]:
        found.append("skipped frames marked, said and counted differ")
    if lost := sum(minute.lost_legs for minute in minutes):
        found.append(f"{lost} times a leg was not heard for a whole minute")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--capacity", type=int, required=True, help="calls, as `emotion-monitor capacity` says")
    parser.add_argument("--share", type=float, default=0.9)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--engine")
    parser.add_argument("--model")
    parser.add_argument("--audio", type=Path, default=CALL)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    flags = {"engine.name": args.engine, "engine.model": args.model}
    settings = load_settings(args.config, flags=flags)
    engine = load_engine(settings.engine)
    engine.warm_up()
    calls = max(1, round(args.capacity * args.share))
    print(f"{calls} calls, {args.share:.0%} of {args.capacity}, {args.minutes} minutes; {engine.info.name} {engine.info.model}")
    with Load(settings, engine, read_legs(args.audio), calls) as load:
        minutes = watch(load, args.minutes)
        frames = account(load)
    print(", ".join(f"{name} {count}" for name, count in frames.items()))
    wrong = faults(minutes, frames, args.share)
    print(
        "; ".join(wrong) or "every frame accounted for, no leg lost" + (", memory and latency flat" if args.share <= 1 else "")
    )
    if args.json:
        report = {"calls": calls, "share": args.share, "minutes": [asdict(minute) for minute in minutes], "frames": frames}
        args.json.write_text(json.dumps({**report, "faults": wrong}, indent=2) + "\n", encoding="utf-8")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
