"""What is said of alerts: by rules, and by people."""

from typing import Any, Literal

from monitor.messages.event import EventMessage


class AlertMessage(EventMessage):
    """A rule fired, its finding grew, or it is over."""

    type: Literal["alert"]
    id: str
    rule: str
    severity: Literal["info", "warning", "critical"]
    status: Literal["raised", "updated", "cleared"]
    message: str
    """One sentence for the supervisor."""
    evidence: dict[str, Any]
    """The measured values that met the condition."""
    delay: float = 0.0
    """Whole seconds after `at` by which it became known, where a sender or the network had held back what it is about; 14 is
    the most that is told."""


class AlertAcknowledgedMessage(EventMessage):
    """A person took note of an alert. Never replayed."""

    type: Literal["alert_acknowledged"]
    id: str
    by: str
    note: str


class AlertAssignedMessage(EventMessage):
    """A person gave an alert to somebody. Never replayed."""

    type: Literal["alert_assigned"]
    id: str
    by: str
    to: str
    """Empty: to nobody any more."""


class AlertSnoozedMessage(EventMessage):
    """A person wants to hear no more of an alert for a while. Never replayed."""

    type: Literal["alert_snoozed"]
    id: str
    by: str
    until: str
    """Wall clock, ISO 8601 UTC."""
    reason: str


class AlertJudgedMessage(EventMessage):
    """A person said whether an alert was right, perhaps after its call. The last word of a person counts. Never replayed."""

    type: Literal["alert_judged"]
    id: str
    by: str
    right: bool
    reason: str
