"""One event as one line for people."""

from typing import Any

_COLOURS = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


def event_line(message: dict[str, Any]) -> str | None:
    """A message of the journal with rich's markup; None for those that people need not read.

    >>> event_line({"type": "state", "call": "c", "leg": "agent", "time": 61.5, "emotion": "sad", "previous": "neutral",
    ...             "confidence": 0.62, "valence": -0.5, "arousal": -0.3})
    '  1:01.5  agent     neutral -> sad (62 %)'
    """
    from rich.markup import escape

    kind = message["type"]
    head = f"{clock(message['time'])}  {message.get('leg') or '':8s}  "
    if kind == "state":
        return f"{head}{message['previous']} -> {message['emotion']} ({message['confidence']:.0%})".replace("%", " %")
    if kind == "change_point" and message["status"] == "confirmed":
        return f"{head}change point: {message['before']} -> {message['after']} (strength {message['strength']:.1f})"
    if kind == "alert" and message["status"] == "cleared":
        return f"{head}[dim]alert over: {escape(message['rule'])}, after {message['at'] - message['time']:.0f} s[/]"
    if kind == "alert":
        colour = _COLOURS[message["severity"]] if message["status"] == "raised" else "dim"
        words = f"ALERT {message['status']} [{message['severity']}] {message['rule']}: {message['message']}"
        return f"{head}[{colour}]{escape(words)}[/]"
    if kind == "alert_acknowledged":
        return f"{head}acknowledged by {escape(message['by'])}: {escape(message['id'])}"
    if kind == "frames_skipped":
        return f"{head}[yellow]{message['frames']} frames skipped: {escape(message['cause'])}[/]"
    if kind == "source_moved":
        return f"{head}{escape(message['detail'])}"
    return None


def clock(seconds: float) -> str:
    """Minutes and seconds, to the tenth.

    >>> clock(725.25)
    ' 12:05.2'
    """
    minutes, rest = divmod(round(seconds * 10), 600)
    return f"{minutes:3d}:{rest / 10:04.1f}"
