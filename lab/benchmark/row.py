"""One row: an engine loaded, the legs that it carries found, its time and memory accounted for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from lab.benchmark.load import SimulatedLoad, Trial
from lab.benchmark.memory import Memory, measured_memory
from lab.benchmark.network_time import NetworkTime
from lab.benchmark.report import Result, Shares
from lab.capacity.search import largest
from monitor.audio.chunk import Samples
from monitor.config.sections import EngineSection
from monitor.engines.base import Engine, EngineInfo
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.pipeline.windows import Geometry
from monitor.timeline import FRAME_RATE

MOST = 1 << 15
"""Legs that are tried at most."""


@dataclass(frozen=True, slots=True)
class Against:
    """What a row is held against."""

    peak_gflops: float | None = None
    cosine: float | None = None


@dataclass(frozen=True, slots=True)
class _Tried:
    trial: Trial
    stem: tuple[float, int]
    """Seconds and operations."""
    blocks: tuple[float, int]


def measure_row(
    settings: EngineSection,
    model: str,
    make_engine: Callable[[NetworkTime], Engine],
    audio: Sequence[Samples],
    seconds: float,
    against: Against,
    progress: Callable[[str], None],
) -> Result:
    """Load the engine of `settings` by `make_engine` and search for the most legs that it carries.

    `audio`: of the legs, taken in turns; each trial has `seconds` of every leg; `model`: what it is to be called.
    """
    time, tried = NetworkTime(), dict[int, _Tried]()
    device = torch.device("cuda" if settings.device.startswith("cuda") else "cpu")
    with measured_memory(device) as memory:
        engine = make_engine(time)
        engine.warm_up()
        geometry = Geometry.of(settings, engine.info)
        load = SimulatedLoad(engine, geometry, audio, settings.latency, settings.max_batch)

        def once(legs: int) -> _Tried:
            progress(f"{_name(engine.info, settings)}: {legs} legs")
            load.settle(legs)
            time.clear()
            trial = load.run(legs, seconds)
            stem, blocks = ((part.seconds, part.flops) for part in (time.stem, time.blocks))
            return _Tried(trial, stem, blocks)

        def holds(legs: int) -> bool:
            tried[legs] = once(legs)
            return not tried[legs].trial.failure(settings.latency)

        legs = largest(holds, start=2, most=MOST)
        if legs:  # once more, as FunASR is timed twice: of both, the better counts
            again = once(legs)
            if not again.trial.failure(settings.latency) and again.trial.rate > tried[legs].trial.rate:
                tried[legs] = again
        engine.close()
    too_much = [legs_tried for legs_tried in tried if legs_tried > legs]
    limit = tried[min(too_much)].trial.failure(settings.latency) if too_much else ""
    return _result(engine.info, model, settings, geometry, tried[max(legs, 1)], limit, against, memory)


def beside_generate(row: Result, rate: float) -> Result:
    """The row with what FunASR hears in seconds of a leg's audio a second."""
    ratio = row.leg_seconds_per_second / rate
    return row.model_copy(update={"generate_leg_seconds_per_second": rate, "ratio_to_generate": ratio})


def _result(
    info: EngineInfo,
    model: str,
    settings: EngineSection,
    geometry: Geometry,
    tried: _Tried,
    limit: str,
    against: Against,
    memory: Memory,
) -> Result:
    trial, (stem, stem_flops), (blocks, blocks_flops) = tried.trial, tried.stem, tried.blocks
    network = stem + blocks
    known = network > 0
    gflops = (stem_flops + blocks_flops) / network / 1e9 if known else None
    blocks_gflops = blocks_flops / blocks / 1e9 if known else None
    rest = max(trial.busy - network, 0.0)
    return Result(
        engine=info.name,
        model=model,
        precision=info.precision,
        window=geometry.window / FRAME_RATE,
        hop=geometry.hop / FRAME_RATE,
        lookahead=geometry.lookahead / FRAME_RATE,
        gate=isinstance(settings, Emotion2vecOptions) and settings.gate > 0,
        legs=trial.legs if not trial.failure(settings.latency) else 0,
        limited_by=limit,
        p95_latency=trial.p95_latency,
        leg_seconds_per_second=trial.rate,
        ms_per_leg_second=1000 / trial.rate,
        generate_leg_seconds_per_second=None,
        ratio_to_generate=None,
        batch=trial.batch,
        silent=trial.silent,
        computed=trial.computed,
        cosine=against.cosine,
        gflops=gflops,
        blocks_gflops=blocks_gflops,
        peak_gflops=against.peak_gflops,
        peak_share=_share(gflops, against.peak_gflops),
        blocks_peak_share=_share(blocks_gflops, against.peak_gflops),
        shares=Shares(stem=stem / trial.busy, blocks=blocks / trial.busy, rest=rest / trial.busy) if known else None,
        overhead_percent=100 * rest / network if known else None,
        memory_mb=memory.process,
        gpu_memory_mb=memory.gpu,
    )


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or whole is None else part / whole


def _name(info: EngineInfo, settings: EngineSection) -> str:
    gate = ("with" if settings.gate else "without") + " the gate" if isinstance(settings, Emotion2vecOptions) else ""
    return " ".join(filter(None, (info.name, info.precision, gate)))
