"""Reports of `evaluate` with no more in them than a test needs."""

from collections.abc import Mapping, Sequence

from lab.calls.figures import summarise
from lab.calls.report import AlertsMeasured, CallRow, CallsPart
from lab.evaluation.report import EngineUsed, Report


def clips_of(right: int, wrong: int) -> list[list[int]]:
    """Confusion of a person of two classes, of each of whose so many clips were heard right and wrong."""
    return [[right, wrong], [wrong, right]]


def report_of(rows: Sequence[CallRow] = (), people: Mapping[str, list[list[int]]] | None = None) -> Report:
    calls = CallsPart(
        **dict(summarise([])),
        intervals={},
        alerts_of=AlertsMeasured(rules=["customer-angry"], emotion="angry", grace=2.0),
        by_dataset={},
        by_language={},
        by_joy={},
        by_leg={},
        rows=list(rows),
    )
    return Report(
        engine=EngineUsed(
            name="compact", model="m", version="v1", licence="", labels=["angry", "sad"], window=1, hop=1, lookahead=0
        ),
        settings={},
        line="clean",
        seed=1,
        classes=["angry", "sad"],
        speakers="all",
        seconds=0.0,
        wall_seconds=0.0,
        jobs=1,
        people=dict(people) if people is not None else None,
        calls=calls if rows else None,
    )
