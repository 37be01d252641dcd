"""What `replay --rules` does: stored calls judged by other rules, held against what was raised when they were heard."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from monitor.alerts.rules import load_rules
from monitor.cli.tables import table
from monitor.errors import StoreError
from monitor.learned.learned import Learned
from monitor.replay.alert_spans import Compared
from monitor.replay.trial import PARTS, Trial, raised_alerts
from monitor.server.event_line import clock
from monitor.store.base import CallSummary, Store, StoredCall

SHOWN = 50
"""Differences that are printed; `--json` has all."""


def judge_calls(
    store: Store, calls: Sequence[CallSummary], files: Sequence[Path], learned: Learned, console: Console
) -> dict[str, Any]:
    """Judge calls, print what is new, gone and the same, and give it as data. One that cannot be read does not stop the rest.

    Templates and heads that the rules name are `learned`, or else those that a call keeps.

    Raises `ConfigError` for rules that are wrong, an emotion that no engine of these calls names among them.
    """
    opened: dict[str, StoredCall] = {}
    failed: dict[str, str] = {}
    for call in calls:
        try:
            opened[call.id] = store.open(call.id)
        except StoreError as error:
            failed[call.id] = str(error)
    rules = load_rules(files, sorted({label for stored in opened.values() for label in stored.record.labels}))
    rules = replace(rules, learned=learned)
    trial = Trial(rules, partial(raised_alerts, store.journal))
    trial.failed |= failed
    progress = Console(stderr=True)
    for stored in track(opened.values(), "judging", console=progress, transient=True, disable=not progress.is_terminal):
        trial.take(stored)
    report = {
        "rules": [str(file) for file in files],
        "by_rule": trial.by_rule(),
        "left_out": trial.left_out(),
        "calls": [_entry(call_id, one) for call_id, one in trial.compared.items()],
        "failed": [{"call": call_id, "error": error} for call_id, error in trial.failed.items()],
    }
    _print(report, console)
    return report


def _entry(call: str, one: Compared) -> dict[str, Any]:
    return {"call": call, **{part: list(getattr(one, part)) for part in (*PARTS, "left_out")}}


def _print(report: dict[str, Any], console: Console) -> None:
    differences = [
        {
            "call": call["call"],
            "at": clock(span["raised_at"]),
            "": part,
            "rule": span["rule"],
            "leg": span["leg"],
            "message": span["message"],
        }
        for call in report["calls"]
        for part, span in sorted(
            ((part, span) for part in ("new", "gone") for span in call[part]), key=lambda each: each[1]["raised_at"]
        )
    ]
    if differences:
        console.print(table("differences", differences[:SHOWN]))
    if len(differences) > SHOWN:
        console.print(f"... and {len(differences) - SHOWN} more; --json has all")
    console.print(table(f"alerts of {len(report['calls'])} calls", report["by_rule"]))
    if report["left_out"]:
        others = ", ".join(f"{name} ({count})" for name, count in report["left_out"].items())
        console.print(f"raised by rules that are not judged here: {others}", soft_wrap=True)
    for one in report["failed"]:
        console.print(f"[red]not judged: {escape(one['error'])}[/]", soft_wrap=True)
