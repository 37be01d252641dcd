"""What is asked of the history, from the query of a request."""

from typing import Annotated

from fastapi import Depends, Query

from monitor.events import Leg
from monitor.history.conditions import AlertFilter, CallFilter, Severity, Verdict, span_of, where_of
from monitor.store.base import CallStatus

Text = Annotated[str | None, Query(max_length=200)]
Seconds = Annotated[float | None, Query(ge=0, le=1e7, allow_inf_nan=False)]
Begin = Annotated[str | None, Query(alias="from", max_length=40, description="A day or a moment in ISO 8601; UTC.")]
End = Annotated[str | None, Query(alias="to", max_length=40, description="A moment, or a day, which is included.")]
WhereTexts = Annotated[
    list[str] | None, Query(alias="where", max_length=20, description="KEY:VALUE of metadata, such as queue:billing.")
]


def _calls(
    status: Annotated[CallStatus | None, Query(description="Only calls in this state.")] = None,
    begin: Begin = None,
    end: End = None,
    q: Annotated[str | None, Query(max_length=200, description="Words in id, source or metadata.")] = None,
    where: WhereTexts = None,
    emotion: Annotated[str | None, Query(max_length=100, description="Believed of a leg at all, or for share_min.")] = None,
    share_min: Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)] = None,
    leg: Leg | None = None,
    severity: Severity | None = None,
    alerts_min: Annotated[int | None, Query(ge=0, le=1_000_000)] = None,
    min_seconds: Seconds = None,
    max_seconds: Seconds = None,
) -> CallFilter:
    first, last = span_of(begin, end)
    return CallFilter(
        status=status,
        begin=first,
        end=last,
        words=q,
        where=where_of(where or ()),
        emotion=emotion,
        share_min=share_min,
        leg=leg,
        severity=severity,
        alerts_min=alerts_min,
        min_seconds=min_seconds,
        max_seconds=max_seconds,
    )


def _alerts(
    begin: Begin = None,
    end: End = None,
    call: Text = None,
    rule: Text = None,
    severity: Severity | None = None,
    leg: Leg | None = None,
    where: WhereTexts = None,
    judged: Verdict | None = None,
    acknowledged: Annotated[bool | None, Query(description="yes or no.")] = None,
) -> AlertFilter:
    first, last = span_of(begin, end)
    return AlertFilter(
        begin=first,
        end=last,
        call=call,
        rule=rule,
        severity=severity,
        leg=leg,
        where=where_of(where or ()),
        judged=judged,
        acknowledged=acknowledged,
    )


CallsWanted = Annotated[CallFilter, Depends(_calls)]
AlertsWanted = Annotated[AlertFilter, Depends(_alerts)]
