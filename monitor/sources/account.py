"""A call's account as a table: what each leg's packets were, for people."""

from collections.abc import Mapping

from monitor.events import LEGS, Leg, LegReport

HEADINGS = ("leg", "codec", "seconds", "packets", "lost", "reordered", "duplicates", "late", "malformed", "refused", "events")


def account_rows(reports: Mapping[Leg, LegReport]) -> list[tuple[str, ...]]:
    """A row a leg, in the order of `LEGS`, its cells under `HEADINGS`.

    >>> account_rows({"agent": LegReport(codec="pcmu", seconds=7.08, packets=236)})
    [('agent', 'pcmu', '7.08', '236', '0', '0', '0', '0', '0', '0', '0')]
    """
    return [_row(leg, reports[leg]) for leg in LEGS if leg in reports]


def _row(leg: Leg, report: LegReport) -> tuple[str, ...]:
    counts = (
        report.packets,
        report.lost,
        report.reordered,
        report.duplicates,
        report.late,
        report.malformed,
        report.refused,
        report.skipped_events,
    )
    return (leg, report.codec or "-", f"{report.seconds:.2f}", *map(str, counts))
