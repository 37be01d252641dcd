"""`/api/v1/insights`: what many calls have in common, by time or by their metadata."""

from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Query

from monitor.history.conditions import CallFilter, span_of, where_of
from monitor.history.insights import check_by, insights, zone_of
from monitor.server.context import ERRORS, HistoryOf, SettingsOf
from monitor.server.wanted import Begin, End, WhereTexts

router = APIRouter(prefix="/api/v1", tags=["insights"], responses=ERRORS)


@router.get("/insights", summary="Calls, emotions, alerts and recovery in groups; how right each rule was")
def get_insights(
    history: HistoryOf,
    settings: SettingsOf,
    begin: Begin = None,
    end: End = None,
    by: Annotated[str, Query(max_length=200, description="hour, day, weekday, or a key of the calls' metadata.")] = "day",
    where: WhereTexts = None,
    timezone: Annotated[str, Query(max_length=100, description="IANA name; of groups, and of from and to.")] = "UTC",
) -> dict[str, Any]:
    """Of the calls that began from `from` to `to`. Hours are 00 to 23, weekdays 1 (Monday) to 7, both in `timezone`.

    `shares` are of the time in which an emotion was believed. `recovery_seconds` are from the moment at which a leg's believed
    emotion became angry to the first state after it that is neither angry, disgusted, fearful, sad nor unknown. `precision`
    is the share of judged alerts that were right. Refused by agent where `privacy.subjects` leaves the agent out.
    """
    zone = UTC if timezone == "UTC" else zone_of(timezone)
    first, last = span_of(begin, end, zone)
    wanted = CallFilter(begin=first, end=last, where=where_of(where or ()))
    check_by(by, wanted, agents_may="agent" in settings.privacy.subjects)
    indexed = history.catch_up()
    return {**history.read(lambda database: insights(database, wanted, by, zone)), "timezone": timezone, "indexed": indexed}
