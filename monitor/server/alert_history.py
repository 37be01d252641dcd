"""`/api/v1/alerts/history`: the alerts of all calls, those that are over too, as a list and as a file for spreadsheets."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from monitor.history.history import History
from monitor.history.listing import alerts_after, list_alerts
from monitor.server.context import ERRORS, HistoryOf
from monitor.server.wanted import AlertsWanted

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], responses=ERRORS)

CSV = "text/csv"
COLUMNS = ("raised_at", "call", "leg", "rule", "severity", "time", "at", "cleared_at", "seconds", "message", "id")
PEOPLE = ("acknowledged_by", "assigned_to", "judged_right_by", "judged_wrong_by", "reasons")
BLOCK = 1_000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a text begins with that a spreadsheet takes for a formula, the wide forms too (OWASP, "CSV injection")."""


@router.get("/history", summary="Alerts of all calls, newest first")
def get_history(
    history: HistoryOf,
    wanted: AlertsWanted,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> dict[str, Any]:
    """A page of the alerts that meet every condition, with what people did about them, and how many there are in all.

    `from` and `to` are of the moment at which they were raised (`raised_at`); `at` and `cleared_at` are seconds of the call,
    `seconds` is how long it stood. `judged` is the verdict of most who judged it. `indexed` is as in the list of calls.
    """
    indexed = history.catch_up()
    return {**history.read(lambda database: list_alerts(database, wanted, limit, offset)), "indexed": indexed}


@router.get(
    "/history.csv",
    summary="The same as CSV, oldest first, all of them",
    response_class=StreamingResponse,
    responses={200: {"content": {CSV: {}}, "description": "The file."}},
)
def get_history_csv(history: HistoryOf, wanted: AlertsWanted) -> Response:
    """For spreadsheets: what one would take for a formula has a `'` before it."""
    history.catch_up()
    lines = _lines(history, wanted)
    return StreamingResponse(lines, media_type=CSV, headers={"content-disposition": 'attachment; filename="alerts.csv"'})


def _lines(history: History, wanted: AlertsWanted) -> Iterator[bytes]:
    yield _encoded([(*COLUMNS, *PEOPLE, "metadata")])
    offset = 0
    while alerts := history.read(lambda database, offset=offset: alerts_after(database, wanted, offset, BLOCK)):  # type: ignore[misc]
        yield _encoded([_row(alert) for alert in alerts])
        offset += len(alerts)


def _row(alert: dict[str, Any]) -> tuple[Any, ...]:
    judged = alert["judged"]
    people = (
        [one["by"] for one in alert["acknowledged"]],
        [alert["assigned"]["to"]] if alert["assigned"] else [],
        [one["by"] for one in judged if one["right"]],
        [one["by"] for one in judged if not one["right"]],
        [one["reason"] for one in judged if one["reason"]],
    )
    metadata = "; ".join(f"{key}: {value}" for key, value in alert["metadata"].items())
    return (*(_cell(alert[column]) for column in COLUMNS), *(_cell("; ".join(texts)) for texts in people), _cell(metadata))


def _cell(value: Any) -> Any:
    """Text that no spreadsheet takes for a formula; numbers as they are."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _encoded(rows: list[tuple[Any, ...]]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
