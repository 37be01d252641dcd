"""Which stored calls are meant: by their ids, by the days on which they began, or all."""

import re
from collections.abc import Sequence
from datetime import date

from monitor.errors import ConfigError, NotFoundError
from monitor.store.base import CallReader, CallSummary

_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?")


def chosen_calls(store: CallReader, texts: Sequence[str], *, everything: bool = False) -> list[CallSummary]:
    """The calls that are over and have frames, oldest first: those of ids and of days (`2026-11-01`, `2026-11-01..2026-11-07`,
    UTC, both ends included), or all.

    Raises `NotFoundError` for an id that is not in the store, and `ConfigError` for no day and where nothing is found.
    """
    known = {call.id: call for call in reversed(store.catalogue())}
    found: dict[str, CallSummary] = dict(known) if everything else {}
    for text in texts:
        if text in known:
            found[text] = known[text]
        elif (days := _DAYS.fullmatch(text)) is not None:
            first, last = _day(days[1]), _day(days[2] or days[1])
            found |= {name: call for name, call in known.items() if first <= call.started_at.date() <= last}
        else:
            raise NotFoundError(
                f"call {text} is not in this store; name calls, days (2026-11-01, 2026-11-01..2026-11-07) or --all"
            )
    over = [call for call in known.values() if call.id in found and call.status not in ("live", "empty")]
    if not over:
        raise ConfigError(f"{' '.join(texts) or '--all'}: no call that is over; see: emotion-monitor calls list")
    return over


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text}: there is no such day") from None
