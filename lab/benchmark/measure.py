"""The benchmark, from the machine's peak to the last row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from lab.benchmark.deviation import deviations
from lab.benchmark.generate import Generate
from lab.benchmark.network_time import NetworkTime
from lab.benchmark.peak import matrix_peak
from lab.benchmark.plan import Plan
from lab.benchmark.report import Deviation, Machine, Report, Result
from lab.benchmark.row import Against, beside_generate, measure_row
from lab.benchmark.windows import steady_windows
from lab.capacity.measure import machine
from monitor.audio.chunk import Samples
from monitor.engines.compact.options import CompactOptions
from monitor.engines.emotion2vec.engine import HOP, LOOKAHEAD, WINDOW, Emotion2vecEngine
from monitor.engines.emotion2vec.load import load_model
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.registry import load_engine
from monitor.pipeline.windows import Geometry
from monitor.timeline import SAMPLE_RATE, frames_for

Progress = Callable[[str], None]


def measure(plan: Plan, legs: Sequence[Samples], progress: Progress) -> Report:
    """Measure all of it, on legs that hear `legs` in turns. Raises `EngineError` with the reason and the remedy."""
    settings, device = plan.settings, torch.device(plan.settings.device)
    peaks: dict[str, float] = {}
    results: list[Result] = []
    deviation: list[Deviation] = []
    speech = legs[0][: round(plan.seconds * SAMPLE_RATE)]
    without = plan.without_generate if "emotion2vec" in plan.engines else "FunASR has no such engine"
    if "emotion2vec" in plan.engines:
        for precision in plan.precisions:
            progress(f"the machine's matrix peak in {precision}")
            peaks[precision] = matrix_peak(precision, device, settings.threads)
        with _generate(plan, device, progress) as (generate, reason):
            without = reason
            for window, hop in plan.windows:
                one = _with(settings, window=window, hop=hop)
                found = list(deviations(one, _geometry(one), speech, plan.precisions, generate, progress))
                deviation += found
                results += _emotion2vec_rows(plan, one, legs, peaks, generate, found, progress)
    if "compact" in plan.engines:
        results.append(_compact_row(plan, legs, progress))
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return Report(
        machine=Machine(**machine(), threads=settings.threads, torch=torch.__version__, device=settings.device, gpu=gpu),
        matrix_peak_gflops=peaks,
        latency=settings.latency,
        seconds=plan.seconds,
        audio=plan.audio,
        without_generate=without,
        results=results,
        deviation=deviation,
    )


def _emotion2vec_rows(
    plan: Plan,
    settings: Emotion2vecOptions,
    legs: Sequence[Samples],
    peaks: Mapping[str, float],
    generate: Generate | None,
    found: Sequence[Deviation],
    progress: Progress,
) -> Iterator[Result]:
    cosines = {row.way: row.cosine for row in found if row.against == "fp32"} | {"fp32": 1.0}
    windows = steady_windows(_geometry(settings), legs[0], max(2, round(plan.seconds / (settings.hop or HOP))))

    def generate_rate() -> float | None:
        if generate is None:
            return None
        progress("FunASR's generate()")
        return generate.rate(windows, plan.seconds)

    before = generate_rate()
    for precision in plan.precisions:
        for gate in plan.gates:
            one = _with(settings, precision=precision, gate=settings.gate if gate else 0)
            against = Against(peaks[precision], cosines[precision])
            row = measure_row(one, plan.model, partial(_emotion2vec, one), legs, plan.seconds, against, progress)
            after = generate_rate()
            # The better of two, so that a pause of the machine in one of them does not flatter the engine.
            yield row if before is None or after is None else beside_generate(row, max(before, after))
            before = after


def _compact_row(plan: Plan, legs: Sequence[Samples], progress: Progress) -> Result:
    schedule = plan.settings.model_dump(include={"latency", "max_backlog", "max_batch"})
    settings = CompactOptions(model=plan.compact_model, device="cpu", **schedule)
    name = plan.compact_model or "shipped"
    return measure_row(settings, name, lambda _: load_engine(settings), legs, plan.seconds, Against(), progress)


def _emotion2vec(settings: Emotion2vecOptions, time: NetworkTime) -> Emotion2vecEngine:
    return Emotion2vecEngine(settings, time.runner())


@contextmanager
def _generate(plan: Plan, device: torch.device, progress: Progress) -> Iterator[tuple[Generate | None, str | None]]:
    """FunASR with the model, or why not."""
    if plan.without_generate is not None:
        yield None, plan.without_generate
        return
    if find_spec("funasr") is None:
        yield None, "FunASR is not installed"
        return
    progress("loading FunASR")
    with TemporaryDirectory(prefix="emotion-monitor-benchmark-") as folder:
        model = load_model(plan.settings.model, plan.settings.hub_timeout)
        generate = Generate(model, Path(folder), device, plan.settings.threads)
        del model
        yield generate, None


def _geometry(settings: Emotion2vecOptions) -> Geometry:
    """Of emotion2vec. Raises `ConfigError` where a window does not hold a hop and the lookahead."""
    lookahead = LOOKAHEAD if settings.lookahead is None else settings.lookahead
    return Geometry(frames_for(settings.window or WINDOW), frames_for(settings.hop or HOP), frames_for(lookahead))


def _with(settings: Emotion2vecOptions, **changes: object) -> Emotion2vecOptions:
    return Emotion2vecOptions.model_validate(settings.model_dump() | changes)
