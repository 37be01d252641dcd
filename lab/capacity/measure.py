"""How many calls this machine takes at the configured settings: tried, not computed.

A load of live calls runs through the whole pipeline at the speed of the clock, for some seconds each time, with as many calls
as a search asks for. A load is carried where the p95 latency of its windows keeps within the aim, every frame is heard, at
the configured hop, and audio is taken as it comes. Receiving calls (RTP: 1 to 3 ms of a core a leg-second) comes on top, and
so do clients.
"""

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lab.capacity.load import Load, LoadReport
from lab.capacity.search import largest
from monitor.audio.chunk import Samples
from monitor.config.sections import Settings
from monitor.engines.base import Engine
from monitor.events import Leg

SETTLE_SECONDS = 4.0
"""Before a load is judged: batches find their size, the first windows fill."""
PLAN_FOR = 0.8
"""Share of the capacity that an operator should plan for: what else runs on the machine, and calls that come together."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What was found."""

    machine: Mapping[str, Any]
    engine: Mapping[str, Any]
    window: Mapping[str, float]
    latency: float
    """Aimed for, p95, seconds."""
    workers: int
    """Processes that heard."""
    calls: int
    legs: int
    plan_for_calls: int
    limited_by: str
    """What was wrong with the smallest load that was too much; empty where none was tried."""
    carried: LoadReport | None
    """The greatest load that was carried."""
    trials: tuple[LoadReport, ...]

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def measure_capacity(
    settings: Settings,
    engine: Engine,
    audio: Mapping[Leg, Samples],
    *,
    seconds: float,
    start: int,
    most: int,
    workers: int = 1,
    prepare: Callable[[], None] | None = None,
    progress: Callable[[str], None],
) -> Capacity:
    """Search for the greatest load that is carried; `audio`: the legs of a call, looped; each trial lasts `seconds`.

    `workers`: processes that hear, as `server.workers`; where they are more than one, `prepare` is called in each first, and
    must be a module's function or a `partial` of one.
    """
    latency = settings.engine.latency
    trials: list[LoadReport] = []
    window: dict[str, float] = {}

    def holds(calls: int) -> bool:
        with Load(settings, engine, audio, calls, workers, prepare) as load:
            window.update(load.monitor.status().window)
            report = _observe(load, seconds, latency)
        trials.append(report)
        progress(_line(report, latency))
        return not report.failure(latency)

    calls = largest(holds, start, most)
    failed = [report for report in trials if report.calls > calls and report.failure(latency)]
    carried = [report for report in trials if report.calls == calls]
    return Capacity(
        machine=machine(),
        engine=asdict(engine.info),
        window=window,
        latency=latency,
        workers=workers,
        calls=calls,
        legs=carried[0].legs if carried else 0,
        plan_for_calls=int(calls * PLAN_FOR),
        limited_by=min(failed, key=lambda report: report.calls).failure(latency) if failed else "",
        carried=carried[0] if carried else None,
        trials=tuple(trials),
    )


def machine() -> dict[str, Any]:
    """What it is that was measured."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"platform": platform.platform(), "processor": _processor(), "cores": cores, "python": platform.python_version()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _observe(load: Load, seconds: float, latency: float) -> LoadReport:
    """Watch a load; one that falls far behind need not be watched to the end."""
    end = time.monotonic() + SETTLE_SECONDS + seconds
    while time.monotonic() < end:
        time.sleep(0.5)
        report = load.report()
        if report.skipped or report.behind > 2 * latency:
            return report
    return load.report()


def _line(report: LoadReport, latency: float) -> str:
    verdict = report.failure(latency) or f"carried, p95 latency {report.p95_latency:.2f} s"
    return f"{report.calls} calls ({report.legs} legs): {verdict}"
