"""What `run` prints while a call goes on, and what it reports at the end."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from monitor.cli.tables import table
from monitor.errors import MonitorError
from monitor.messages import ChangePointMessage, EventMessage, RecordedMessage
from monitor.pipeline.call import LiveCall
from monitor.pipeline.monitor import Monitor
from monitor.replay.alert_spans import alert_spans
from monitor.server.event_line import clock, ending, event_line


class Printer:
    """Prints what is found. Where that fails (a full disk, nobody who reads), nothing more is printed: hearing goes on."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.error: MonitorError | BrokenPipeError | None = None
        """Why nothing is printed any more."""

    def print(self, *what: RenderableType) -> None:
        """Print, lines as long as they are."""
        if self.error is None:
            try:
                self.console.print(*what, soft_wrap=not isinstance(what[0], Table))
            except (MonitorError, BrokenPipeError) as error:
                self.error = error

    def progress(self, *columns: ProgressColumn) -> Progress:
        """A bar that goes when it is over: with the report where that goes to a terminal, else on standard error."""
        console = self.console if self.console.is_terminal else Console(stderr=True, quiet=self.console.quiet)
        return Progress(
            *columns,
            console=console,
            transient=True,
            disable=not console.is_terminal,
            redirect_stdout=False,
            redirect_stderr=sys.stderr.isatty(),
        )


class RunReport:
    """Follows one call of a monitor, from before it begins."""

    def __init__(self, monitor: Monitor, printer: Printer) -> None:
        self._monitor = monitor
        self._printer = printer
        self._messages: list[EventMessage] = []
        self._forget = monitor.journal.listen(self._take)
        self._shown = 0

    def follow(self, call: LiveCall) -> None:
        """Print events as they come, until the call is over."""
        columns = [TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[heard]}"), TimeElapsedColumn()]
        total = getattr(call.source, "seconds", None)
        with self._printer.progress(*columns) as progress:
            task = progress.add_task(call.id, total=total, heard="")
            while not call.wait(0.1):
                self._show(call)
                progress.update(task, completed=call.seconds, heard=f"{clock(call.seconds).strip()} heard")
            self._show(call)

    def refused(self, source: str, error: MonitorError) -> None:
        """The source could not be opened."""
        self._forget()
        for line in str(error).splitlines():
            self._printer.print(f"{escape(source)}: [red]{escape(line)}[/]")

    def finish(self, call: LiveCall) -> dict[str, Any]:
        """The report: printed, and as data for `--json`."""
        self._forget()
        info = self._monitor.inference.info
        seconds = max((report["frames"] for report in call.reports().values()), default=0) * 0.02
        stored = self._monitor.store.open(call.id)
        size = stored.summary().bytes
        mine = [message for message in self._messages if message.call == call.id]
        report = {
            "call": call.id,
            "status": stored.status,
            "reason": stored.reason,
            "engine": info.name,
            "model": info.model,
            "engine_version": info.version,
            "licence": info.licence,
            "seconds": round(seconds, 2),
            "wall_seconds": round(call.wall_seconds, 3),
            "real_time_factor": round(call.wall_seconds / seconds, 4) if seconds else None,
            "legs": call.reports(),
            "same_sound": call.same_sound,
            "change_points": _change_points(mine),
            "alerts": alert_spans(mine),
            "store": self._monitor.store.place,
            "bytes": size,
            "bytes_per_call_hour": round(size / seconds * 3600) if seconds else None,
        }
        self._print(report)
        return report

    def _take(self, message: RecordedMessage) -> None:
        if isinstance(message, EventMessage):
            self._messages.append(message)

    def _show(self, call: LiveCall) -> None:
        messages = self._messages[self._shown :]
        self._shown += len(messages)
        for message in messages:
            line = event_line(message) if message.call == call.id else None
            if line is not None:
                self._printer.print(line)

    def _print(self, report: dict[str, Any]) -> None:
        unheard = {leg: values for leg, values in report["legs"].items() if values["refused"]}
        keys: tuple[str, ...] = ("frames", "gaps", "speech_seconds", "codec", "packets", "lost", "late", "reordered")
        keys += ("refused",) if unheard else ()
        rows = [{"leg": leg, **{key: values[key] for key in keys}} for leg, values in report["legs"].items()]
        self._printer.print(table(f"call {report['call']}", rows))
        for leg, values in unheard.items():
            why = escape(values["refused_because"])
            self._printer.print(f"[yellow]{leg}: {values['refused']} of {values['packets']} packets not heard: {why}[/]")
        if report["same_sound"]:
            self._printer.print(
                "[yellow]both legs carry the same sound, so one voice was analysed twice: is the recording mono, or one side "
                "captured twice?[/]"
            )
        factor = report["real_time_factor"]
        speed = f", {1 / factor:.1f} times faster than real time (real-time factor {factor})" if factor else ""
        self._printer.print(
            f"{report['seconds']:.1f} s heard by {report['engine']} in {report['wall_seconds']:.1f} s{speed}; "
            f"{len(report['change_points'])} change points, {len(report['alerts'])} alerts"
        )
        if report["status"] != "complete":
            self._printer.print(f"[yellow]stored as {report['status']}: {escape(ending(report['reason']))}[/]")
        again = f"look again with: emotion-monitor replay {report['call']} --store {escape(report['store'])}"
        self._printer.print(
            f"stored in {escape(report['store'])} ({(report['bytes_per_call_hour'] or 0) / 1e6:.0f} MB a call-hour); "
            f"{again if self._monitor.store.lasting else 'it is gone when this command ends'}"
        )


def print_heard(entries: Sequence[Mapping[str, Any]], named: int, printer: Printer) -> None:
    """What became of each of several sources, `named` of them."""
    rows = [
        {
            "source": entry["source"],
            "call": entry.get("call"),
            "seconds": entry.get("seconds"),
            "change points": len(entry["change_points"]) if "change_points" in entry else None,
            "alerts": len(entry["alerts"]) if "alerts" in entry else None,
            "result": entry["error"] or entry["status"],
        }
        for entry in entries
    ]
    printer.print(table("what became of each", rows))
    failed = sum(entry["error"] is not None for entry in entries)
    left = f", {named - len(entries)} not begun" if len(entries) < named else ""
    printer.print(f"{len(entries) - failed} of {named} heard, {failed} failed{left}")


def _change_points(messages: Sequence[EventMessage]) -> list[dict[str, Any]]:
    """The last word on each, but for those that were retracted."""
    last = {message.id: message for message in messages if isinstance(message, ChangePointMessage)}
    return [point.as_message() for point in last.values() if point.status != "retracted"]
