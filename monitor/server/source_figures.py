"""What comes from where, and how well: packets of the calls in progress, by leg and codec, and the legs that fare worst."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from monitor.pipeline.monitor import Monitor

WORST = 10
"""Legs that are told one by one."""
POOR_LOSS, POOR_JITTER = 0.01, 0.03
"""Share of packets lost, and seconds of jitter, from which on a leg is told: one that is better than this needs nobody."""


def source_figures(monitor: Monitor) -> dict[str, Any]:
    """`codecs`: a line each with `legs`, `packets`, `lost`, `late`, `refused` and the greatest `jitter` (seconds); `worst`: a
    line each of the legs that lose most, or come most unevenly, at most ten, the worst first."""
    lines = [
        {"call": call.id, "leg": leg, **_figures(report)} for call in monitor.calls() for leg, report in call.reports().items()
    ]
    worst = sorted((line for line in lines if _is_poor(line)), key=lambda line: (-line["loss"], -line["jitter"]))
    return {"codecs": _by_codec(lines), "worst": worst[:WORST]}


def _figures(report: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: int(report.get(name, 0)) for name in ("packets", "lost", "late", "refused")}
    sent = counts["packets"] + counts["lost"]
    loss = round(counts["lost"] / sent, 4) if sent else 0.0
    return {"codec": report.get("codec") or "unknown", **counts, "loss": loss, "jitter": float(report.get("jitter", 0.0))}


def _is_poor(line: Mapping[str, Any]) -> bool:
    return bool(line["loss"] >= POOR_LOSS or line["jitter"] >= POOR_JITTER or line["refused"])


def _by_codec(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        groups[line["codec"]].append(line)
    return [
        {
            "codec": codec,
            "legs": len(group),
            **{name: sum(line[name] for line in group) for name in ("packets", "lost", "late", "refused")},
            "jitter": max(line["jitter"] for line in group),
        }
        for codec, group in sorted(groups.items())
    ]
