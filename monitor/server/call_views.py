"""How calls look in the answers of the API: what the store knows, and, while they are live, what is known beyond it."""

from dataclasses import asdict
from typing import Any

from monitor.pipeline.in_progress import CallInProgress
from monitor.store.base import CallSummary, StoredCall
from monitor.store.sound import legs_with_sound


def call_line(stored: CallSummary, live: CallInProgress | None) -> dict[str, Any]:
    """A call's line in a list."""
    line = {
        "call": stored.id,
        "status": stored.status,
        "started_at": stored.started_at.isoformat(),
        "seconds": stored.seconds,
        "source": stored.source,
        "engine": stored.engine,
        "legs": dict(stored.legs),
        "bytes": stored.bytes,
        "metadata": dict(stored.metadata),
    }
    return line if live is None else {**line, "seconds": live.seconds}


def call_detail(stored: StoredCall, live: CallInProgress | None) -> dict[str, Any]:
    """All that is known of one call."""
    record = stored.record
    detail = {
        **call_line(stored.summary(), live),
        "engine": dict(record.engine),
        "labels": list(record.labels),
        "formats": {leg: asdict(form) for leg, form in record.legs.items()},
        "inferred": [leg for leg, leg_format in record.legs.items() if leg_format.classes],
        "reason": stored.reason,
        "reports": {leg: dict(report) for leg, report in stored.reports.items()},
        "sound": list(legs_with_sound(stored)),
    }
    if live is None:
        return detail
    summary = live.summary()
    return {**detail, "reports": summary["legs"], "state": summary["state"], "store_error": summary["store_error"]}
