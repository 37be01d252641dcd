"""One event as one line for people."""

from collections.abc import Mapping
from typing import Any

from monitor.events import ABSTAIN
from monitor.messages import (
    AlertAcknowledgedMessage,
    AlertAssignedMessage,
    AlertJudgedMessage,
    AlertMessage,
    AlertSnoozedMessage,
    CallEndedMessage,
    CallStartedMessage,
    ChangePointMessage,
    EventMessage,
    FramesSkippedMessage,
    HearingMessage,
    Message,
    NoteWrittenMessage,
    SourceMovedMessage,
    StateMessage,
)

ENDINGS: Mapping[str, str] = {
    "finished": "heard to its end",
    "stopped": "ended on request",
    "inactive": "no audio came any more",
    "shutdown": "this program was stopped",
    "interrupted": "cut short",
}
"""Reasons of `call_ended`, for people."""
WORTH_TELLING = 1.0
"""Seconds between what an event is about and its telling from which both are told."""

_COLOURS = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


def event_line(message: Message) -> str | None:
    """A message of the journal with rich's markup; None for those that people need not read.

    Its time is when it was said, so that lines follow one another; what it is about is named where that is longer ago.

    >>> from monitor.messages import message_of
    >>> event_line(message_of({"type": "change_point", "call": "c", "leg": "agent", "time": 61.5, "at": 64.3,
    ...                        "status": "confirmed", "before": "neutral", "after": "sad", "strength": 1.25}))
    '  1:04.3  agent     change point: neutral -> sad (strength 1.2), about 1:01.5'
    """
    words = _words(message) if isinstance(message, EventMessage) else None
    if words is None or not isinstance(message, EventMessage):
        return None
    at, time = message.at, message.time
    alert = message if isinstance(message, AlertMessage) else None
    told = isinstance(message, CallEndedMessage) or (alert and alert.status == "cleared")  # their words say how long it took
    about = f", about {clock(time).strip()}" if not told and at - time >= WORTH_TELLING else ""
    delay = f", known {alert.delay:.0f} s later" if alert and alert.delay else ""
    return f"{clock(at)}  {message.leg or '':8s}  {words}{about}{delay}"


def ending(reason: str) -> str:
    """Why a call ended, in words.

    >>> ending("inactive"), ending("error: no such device")
    ('no audio came any more', 'error: no such device')
    """
    return ENDINGS.get(reason, reason)


def key_values(metadata: Mapping[str, Any]) -> str:
    """What is kept with a call, on one line.

    >>> key_values({"queue": "billing", "line": 3})
    'queue=billing, line=3'
    """
    return ", ".join(f"{key}={value}" for key, value in metadata.items())


def _words(message: EventMessage) -> str | None:
    from rich.markup import escape

    match message:
        case CallStartedMessage():
            about = key_values(message.metadata)
            return f"call begins: {escape(message.source)}{escape(f' ({about})') if about else ''}"
        case CallEndedMessage():
            return f"call is over: {escape(ending(message.reason))}"
        case StateMessage():
            sure = f" ({message.confidence:.0%})".replace("%", " %") if message.emotion != ABSTAIN else ""
            return f"{message.previous} -> {message.emotion}{sure}"
        case ChangePointMessage(status="confirmed"):
            return f"change point: {message.before} -> {message.after} (strength {message.strength:.1f})"
        case AlertMessage(status="cleared"):
            return f"[dim]alert over: {escape(message.rule)}, after {message.at - message.time:.0f} s[/]"
        case AlertMessage():
            colour = _COLOURS[message.severity] if message.status == "raised" else "dim"
            words = f"ALERT {message.status} [{message.severity}] {message.rule}: {message.message}"
            return f"[{colour}]{escape(words)}[/]"
        case AlertAcknowledgedMessage():
            return f"acknowledged by {escape(message.by)}: {escape(message.id)}"
        case AlertAssignedMessage():
            return f"given to {escape(message.to) or 'nobody'} by {escape(message.by)}: {escape(message.id)}"
        case AlertSnoozedMessage():
            return f"snoozed until {escape(message.until)} by {escape(message.by)}: {escape(message.id)}"
        case AlertJudgedMessage():
            return f"judged {'right' if message.right else 'wrong'} by {escape(message.by)}: {escape(message.id)}"
        case NoteWrittenMessage():
            return f"note by {escape(message.by)}: {escape(message.text)}"
        case FramesSkippedMessage():
            return f"[yellow]{message.frames} frames skipped: {escape(message.cause)}[/]"
        case HearingMessage():
            return f"[{'green' if message.heard else 'bold yellow'}]{escape(message.detail)}[/]"
        case SourceMovedMessage():
            return str(escape(message.detail))
    return None


def clock(seconds: float) -> str:
    """Minutes and seconds, to the tenth.

    >>> clock(725.25)
    ' 12:05.2'
    """
    minutes, rest = divmod(round(seconds * 10), 600)
    return f"{minutes:3d}:{rest / 10:04.1f}"
