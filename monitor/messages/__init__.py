"""What is said on `/ws/v1/events`, as pydantic models: the wire's contract, and what this program reads the journal by.

Written out field by field on purpose, beside `monitor.events`: a changed event must not change the wire unnoticed (a test
compares the two). Clients ignore keys that they do not know; a key is never taken away or given another meaning within v1.

By subject, one file each; all of them are imported from here.
"""

from monitor.messages.alerts import (
    AlertAcknowledgedMessage,
    AlertAssignedMessage,
    AlertJudgedMessage,
    AlertMessage,
    AlertSnoozedMessage,
)
from monitor.messages.board import BoardMessage, board_message
from monitor.messages.calls import (
    CallEndedMessage,
    CallStartedMessage,
    ChangePointMessage,
    FramesSkippedMessage,
    HearingMessage,
    SourceMovedMessage,
    StateMessage,
)
from monitor.messages.client import (
    FROM_CLIENT,
    AboutAnAlert,
    AcknowledgeMessage,
    AssignMessage,
    ClientMessage,
    JudgeMessage,
    PingMessage,
    SnoozeMessage,
)
from monitor.messages.connection import (
    DroppedMessage,
    ErrorMessage,
    HelloMessage,
    LaggedMessage,
    PongMessage,
    ReplayEndedMessage,
    RulesChangedMessage,
    ServerStoppingMessage,
)
from monitor.messages.event import EventMessage, RecordedMessage
from monitor.messages.frames import FramesMessage, frames_message
from monitor.messages.journal import EVENT_TYPES, EVENTS, ErasedMessage, EventUnion, UnknownMessage, recorded
from monitor.messages.listen import ListenEndedMessage, ListeningMessage, ListenMessage
from monitor.messages.message import Message
from monitor.messages.notes import NoteErasedMessage, NoteWrittenMessage
from monitor.messages.server import FROM_SERVER, AboutACall, ServerMessage, message_of

__all__ = [
    "EVENTS",
    "EVENT_TYPES",
    "FROM_CLIENT",
    "FROM_SERVER",
    "AboutACall",
    "AboutAnAlert",
    "AcknowledgeMessage",
    "AlertAcknowledgedMessage",
    "AlertAssignedMessage",
    "AlertJudgedMessage",
    "AlertMessage",
    "AlertSnoozedMessage",
    "AssignMessage",
    "BoardMessage",
    "CallEndedMessage",
    "CallStartedMessage",
    "ChangePointMessage",
    "ClientMessage",
    "DroppedMessage",
    "ErasedMessage",
    "ErrorMessage",
    "EventMessage",
    "EventUnion",
    "FramesMessage",
    "FramesSkippedMessage",
    "HearingMessage",
    "HelloMessage",
    "JudgeMessage",
    "LaggedMessage",
    "ListenEndedMessage",
    "ListenMessage",
    "ListeningMessage",
    "Message",
    "NoteErasedMessage",
    "NoteWrittenMessage",
    "PingMessage",
    "PongMessage",
    "RecordedMessage",
    "ReplayEndedMessage",
    "RulesChangedMessage",
    "ServerMessage",
    "ServerStoppingMessage",
    "SnoozeMessage",
    "SourceMovedMessage",
    "StateMessage",
    "UnknownMessage",
    "board_message",
    "frames_message",
    "message_of",
    "recorded",
]
