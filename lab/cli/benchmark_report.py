"""What `benchmark` prints."""

from rich.console import Console
from rich.table import Table

from lab.benchmark.report import Deviation, Report, Result

_Row = dict[str, str]
_WORDS = frozenset({"engine, window/hop", "way", "against"})
"""Columns that are not numbers."""


def print_report(report: Report, console: Console) -> None:
    """The machine, then speed, where the time goes, and closeness."""
    machine = report.machine
    where = f", {machine.gpu}" if machine.gpu else ""
    console.print(f"{machine.processor}{where}; {machine.threads} threads of {machine.cores} cores; torch {machine.torch}")
    peaks = ", ".join(f"{name} {value:,.0f}" for name, value in report.matrix_peak_gflops.items())
    if peaks:
        console.print(f"matrix peak in GFLOP/s, measured: {peaks}")
    models = ", ".join(sorted({f"{one.engine} {one.model}" for one in report.results}))
    console.print(f"models: {models}; the legs hear: {report.audio}")
    console.print(
        _table(f"legs in real time, p95 latency within {report.latency:g} s", [_speed(one) for one in report.results])
    )
    console.print(_table("where the time goes", [_time(one) for one in report.results]))
    if report.deviation:
        console.print(_table("how far apart frames are, on the same windows", [_deviation(one) for one in report.deviation]))
    for one in report.results:
        if not one.legs:
            console.print(f"{_setting(one)}: not a single leg in time: {one.limited_by}")
    if report.without_generate:
        console.print(f"no ratio to FunASR's generate(): {report.without_generate}")
    elif report.results:
        console.print(
            f"generate(): one window after the other, before and after each row, {machine.threads} threads, on {machine.device}"
        )


def _setting(one: Result) -> str:
    gate = (", gate" if one.gate else ", no gate") if one.engine == "emotion2vec" else ""
    return f"{one.engine} {one.precision}, {one.window:g}/{one.hop:g} s{gate}"


def _speed(one: Result) -> _Row:
    return {
        "engine, window/hop": _setting(one),
        "legs": str(one.legs),
        "p95 s": f"{one.p95_latency:.2f}",
        "ratio": _number(one.ratio_to_generate, ".2f"),
        "cosine": _number(one.cosine, ".5f"),
        "leg-s/s": f"{one.leg_seconds_per_second:.4g}",
        "batch": f"{one.batch:.1f}",
        "silent": f"{one.silent:.0%}",
        "computed": f"{one.computed:.0%}",
    }


def _time(one: Result) -> _Row:
    shares = one.shares
    return {
        "engine, window/hop": _setting(one),
        "GFLOP/s": _number(one.gflops, ",.0f") + _number(one.peak_share, ".0%", " of peak", " "),
        "in blocks": _number(one.blocks_gflops, ",.0f") + _number(one.blocks_peak_share, ".0%", "", " "),
        "stem/blocks/rest": f"{shares.stem:.0%}/{shares.blocks:.0%}/{shares.rest:.0%}" if shares else "",
        "overhead": _number(one.overhead_percent, ".1f", "%"),
        "ms/leg-s": f"{one.ms_per_leg_second:.3g}",
        "MB": _number(one.memory_mb, ",.0f"),
        "GPU MB": _number(one.gpu_memory_mb, ",.0f"),
    }


def _deviation(one: Deviation) -> _Row:
    return {
        "way": one.way,
        "against": one.against,
        "window/hop": f"{one.window:g}/{one.hop:g}",
        "cosine": f"{one.cosine:.6f}",
        "least": f"{one.least_cosine:.6f}",
        "logits": f"{one.logits:.2g}",
        "same label": f"{one.same_label:.1%}",
        "frames": str(one.frames),
    }


def _number(value: float | None, form: str, unit: str = "", before: str = "") -> str:
    return "" if value is None else f"{before}{value:{form}}{unit}"


def _table(title: str, rows: list[_Row]) -> Table:
    """Words to the left, numbers to the right; columns that are empty throughout are left out."""
    result = Table(title=title, title_justify="left", header_style="bold")
    shown = [key for key in rows[0] if any(row[key] for row in rows)]
    for key in shown:
        result.add_column(key, justify="left" if key in _WORDS else "right", no_wrap=key not in _WORDS, overflow="fold")
    for row in rows:
        result.add_row(*(row[key] for key in shown))
    return result
