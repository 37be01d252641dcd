"""One load: so many calls for so long, and what came of it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lab.capacity.load import GROWN
from lab.experiments.many_calls.service import Sender, begun, service
from lab.experiments.many_calls.use import SystemCalls, Use, pids_of, use_of

LOOK_EVERY = 2.0
"""Seconds between two looks at a load."""
DRAIN = 1.0
"""Seconds after the last packet by which all have been heard, or are lost."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A version with so many workers."""

    tree: Path | None
    """A checkout; None: this one."""
    workers: int | None
    """None where the version has none."""

    @property
    def name(self) -> str:
        """For people."""
        return "this" if self.tree is None else self.tree.name


@dataclass(frozen=True, slots=True)
class Terms:
    """How loads are watched and judged."""

    settle: float
    """Seconds before the watch begins: windows fill, batches find their size."""
    seconds: float
    """Of the watch."""
    latency: float
    """Seconds, p95, within which windows must be heard."""
    silent: float
    """Share of the legs on which nobody ever speaks; on the others somebody does for four tenths of the time."""


@dataclass(frozen=True, slots=True)
class Row:
    """One load."""

    version: str
    workers: int | None
    calls: int
    carried: bool
    p95: float
    """Seconds, the worst of the looks."""
    skipped: int
    """Frames."""
    hop_factor: float
    lost: int
    """Packets that were sent and not heard."""
    user_ms: float
    """Of a core, a leg-second; so are all that follow, down to `writes`."""
    system_ms: float
    engine_ms: float
    """Time that was spent in the engine, by the clock; it is in the others, too."""
    voluntary: float
    """Context switches."""
    involuntary: float
    system_calls: float | None
    """None where the system does not tell."""
    reads: float
    writes: float
    memory_mb_a_call: float
    """Beyond the service with as many workers and no calls."""
    threads: int
    descriptors: int
    processes: int
    watched: float
    """Seconds; fewer than asked for where it was clear before that the load is too much."""
    sender_busy: float
    """Of a core."""
    sender_latest: float
    """Seconds by which the latest packets went out too late."""


def measure(
    variant: Variant, calls: int, terms: Terms, *, to_the_end: bool = True, each_minute: Callable[[str], None] | None = None
) -> Row:
    """One load on a fresh service.

    Unless it is to be watched `to_the_end`, a load that is too much is given up at once. `each_minute` is told how it goes.
    """
    with (
        service(variant.tree, variant.workers, calls) as (url, process),
        httpx.Client(base_url=url, timeout=60, trust_env=False) as http,
    ):
        empty = use_of(process.pid)
        sender = Sender(begun(http, calls), terms.silent)
        time.sleep(terms.settle)
        counting = SystemCalls(pids_of(process.pid))
        before, began = use_of(process.pid), time.monotonic()
        first = last = _inference(http)
        worst, minutes = 0.0, 0
        while (took := time.monotonic() - began) < terms.seconds:
            time.sleep(min(LOOK_EVERY, terms.seconds - took))
            last = _inference(http)
            worst = max(worst, last["latency_p95"])
            if not to_the_end and (_skipped(first, last) or worst > terms.latency):
                break
            if each_minute is not None and (time.monotonic() - began) // 60 > minutes:
                minutes += 1
                each_minute(_minute(minutes, last, _skipped(first, last), use_of(process.pid), empty, calls))
        after, took = use_of(process.pid), time.monotonic() - began
        system_calls = counting.count()
        sent = sender.stop()
        time.sleep(DRAIN)
        heard = sum(_packets(http.get(f"/api/v1/calls/c{number}").json()) for number in range(calls))
    leg_seconds = 2 * calls * took
    return Row(
        version=variant.name,
        workers=variant.workers,
        calls=calls,
        carried=worst <= terms.latency and not _skipped(first, last) and last["hop_factor"] <= GROWN,
        p95=round(worst, 3),
        skipped=_skipped(first, last),
        hop_factor=last["hop_factor"],
        lost=sent["sent"] - heard,
        user_ms=round(1000 * (after.user - before.user) / leg_seconds, 2),
        system_ms=round(1000 * (after.system - before.system) / leg_seconds, 2),
        engine_ms=round(1000 * (last["busy_seconds"] - first["busy_seconds"]) / leg_seconds, 2),
        voluntary=round((after.voluntary - before.voluntary) / leg_seconds, 1),
        involuntary=round((after.involuntary - before.involuntary) / leg_seconds, 1),
        system_calls=None if system_calls is None else round(system_calls / leg_seconds, 1),
        reads=round((after.reads - before.reads) / leg_seconds, 2),
        writes=round((after.writes - before.writes) / leg_seconds, 2),
        memory_mb_a_call=round(_of_calls(after, empty) / calls, 2),
        threads=after.threads,
        descriptors=after.descriptors,
        processes=after.processes,
        watched=round(took, 1),
        sender_busy=sent["busy"],
        sender_latest=sent["latest"],
    )


def _inference(http: httpx.Client) -> Mapping[str, Any]:
    return dict(http.get("/api/v1/status").json()["inference"])


def _skipped(first: Mapping[str, Any], last: Mapping[str, Any]) -> int:
    """Frames that were not heard between two looks."""
    return int(sum(last["frames_skipped"].values()) - sum(first["frames_skipped"].values()))


def _packets(call: Mapping[str, Any]) -> int:
    """That were heard of a call."""
    return sum(int(report["packets"]) for report in call["reports"].values())


def _of_calls(use: Use, empty: Use) -> float:
    """MB beyond the service without calls; workers that were begun since had what one of then has."""
    return use.memory_mb - empty.memory_mb - (use.processes - empty.processes) * empty.worker_mb


def _minute(minute: int, status: Mapping[str, Any], skipped: int, use: Use, empty: Use, calls: int) -> str:
    memory = _of_calls(use, empty) / calls
    return (
        f"minute {minute}: p95 {status['latency_p95']:.2f} s, {skipped} frames skipped, hop {status['hop_factor']:.2f}, "
        f"{memory:.2f} MB a call, {use.threads} threads, {use.descriptors} descriptors"
    )
