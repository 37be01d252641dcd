"""What `run` prints while a call goes on, and what it reports at the end."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from monitor.cli.tables import table
from monitor.pipeline.call import LiveCall
from monitor.pipeline.monitor import Monitor
from monitor.server.event_line import clock, event_line


class RunReport:
    """Follows one call of a monitor."""

    def __init__(self, monitor: Monitor, store: Path, quiet: bool) -> None:
        self._monitor = monitor
        self._store = store
        self._console = Console(quiet=quiet, stderr=True)
        self._messages: list[dict[str, Any]] = []
        self._forget = monitor.journal.listen(self._messages.append)
        self._shown = 0

    def follow(self, call: LiveCall) -> None:
        """Print events as they come, until the call is over."""
        columns = [TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[heard]}"), TimeElapsedColumn()]
        total = getattr(call.source, "seconds", None)
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task(call.id, total=total, heard="")
            while not call.wait(0.1):
                self._show(call, progress.console)
                progress.update(task, completed=call.seconds, heard=f"{clock(call.seconds).strip()} heard")
            self._show(call, progress.console)

    def finish(self, call: LiveCall) -> dict[str, Any]:
        """The report: printed, and as data for `--json`."""
        self._forget()
        info = self._monitor.engine.info
        seconds = max((report["frames"] for report in call.reports().values()), default=0) * 0.02
        size = self._monitor.store.open(call.id).summary().bytes
        mine = [message for message in self._messages if message["call"] == call.id]
        report = {
            "call": call.id,
            "engine": info.name,
            "model": info.model,
            "engine_version": info.version,
            "seconds": round(seconds, 2),
            "wall_seconds": round(call.wall_seconds, 3),
            "real_time_factor": round(call.wall_seconds / seconds, 4) if seconds else None,
            "legs": call.reports(),
            "change_points": [point for point in _last_words(mine, "change_point") if point["status"] != "retracted"],
            "alerts": _alerts(mine),
            "store": str(self._store),
            "bytes": size,
            "bytes_per_call_hour": round(size / seconds * 3600) if seconds else None,
        }
        self._print(report)
        return report

    def _show(self, call: LiveCall, console: Console) -> None:
        messages = self._messages[self._shown :]
        self._shown += len(messages)
        for message in messages:
            line = event_line(message) if message["call"] == call.id else None
            if line is not None:
                console.print(line, highlight=False)

    def _print(self, report: dict[str, Any]) -> None:
        unheard = {leg: values for leg, values in report["legs"].items() if values["refused"]}
        keys = ("frames", "gaps", "speech_seconds", "codec", "packets", "lost", "reordered", *(("refused",) if unheard else ()))
        rows = [{"leg": leg, **{key: values[key] for key in keys}} for leg, values in report["legs"].items()]
        self._console.print(table(f"call {report['call']}", rows))
        for leg, values in unheard.items():
            self._console.print(
                f"[yellow]{leg}: {values['refused']} of {values['packets']} packets not heard: {values['refused_because']}[/]",
                highlight=False,
                soft_wrap=True,
            )
        factor = report["real_time_factor"]
        speed = f", {1 / factor:.1f} times faster than real time (real-time factor {factor})" if factor else ""
        self._console.print(
            f"{report['seconds']:.1f} s heard by {report['engine']} in {report['wall_seconds']:.1f} s{speed}; "
            f"{len(report['change_points'])} change points, {len(report['alerts'])} alerts",
            highlight=False,
        )
        self._console.print(
            f"stored in {report['store']} ({(report['bytes_per_call_hour'] or 0) / 1e6:.0f} MB a call-hour); "
            f"look again with: emotion-monitor replay {report['call']} --store {report['store']}",
            highlight=False,
            soft_wrap=True,
        )


def _last_words(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return list({message["id"]: message for message in messages if message["type"] == kind}.values())


def _alerts(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry an alert: what was said when it was raised, and when it was cleared."""
    alerts: dict[str, dict[str, Any]] = {}
    for message in messages:
        if message["type"] != "alert":
            continue
        alert = alerts.setdefault(message["id"], {**message, "raised_at": message["at"], "cleared_at": None})
        alert["evidence"] = message["evidence"] or alert["evidence"]
        if message["status"] == "cleared":
            alert["cleared_at"] = message["at"]
    return list(alerts.values())
