"""What people said of stored calls, as labels: alerts that they judged, and notes on moments to which they gave a label.

An alert that was right is an example of its rule, one that was wrong of `not RULE`. Of several people most decide. A note on a
moment is about the seconds around it.
"""

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from monitor.alerts.notes import NOTE_TYPES, Note, notes_of
from monitor.alerts.standing import AlertSpan, alerts_of
from monitor.analysis.labels import LabelledExample
from monitor.analysis.moment import Moment
from monitor.events import Leg
from monitor.messages import recorded
from monitor.store.journal import Journal

COLUMNS = ("call", "leg", "start", "end", "label", "right", "rule", "by", "id")
"""Of the CSV file; the first five are those of `read_labels`."""
MOMENT_SECONDS = 3.0
"""That a note on a moment is about: as many before it as after."""
SHORTEST = 0.1
"""Seconds of a stretch."""
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class StoredLabel:
    """What a stretch of a stored call is, by people."""

    call: str
    leg: Leg | None
    """None where it is about the whole call."""
    start: float
    """Seconds of the call."""
    end: float
    label: str
    right: bool | None
    """Of an alert, whether it was; None of a note."""
    rule: str
    """Of an alert; empty of a note."""
    by: tuple[str, ...]
    id: str
    """Of the alert or note."""

    @property
    def moment(self) -> Moment:
        """Where it is."""
        return Moment(self.call, self.leg, self.start, self.end)


def judged_alerts(journal: Journal, rules: Collection[str] = ()) -> list[AlertSpan]:
    """The alerts that were judged, in the order in which they were raised; of some rules, or of all where none is named."""
    said = map(recorded, journal.read(0, types=("alert", "alert_judged")))
    return [span for span in alerts_of(said) if span.judged and (not rules or span.latest.rule in rules)]


def stored_labels(journal: Journal, rules: Collection[str] = ()) -> list[StoredLabel]:
    """The labels of all calls, call by call in the order of time. With `rules`, judged alerts of those alone, and no notes."""
    found = [_of_alert(span) for span in judged_alerts(journal, rules)]
    if not rules:
        notes = notes_of(map(recorded, journal.read(0, types=NOTE_TYPES))).values()
        found += [_of_note(note) for note in notes if note.label]
    return sorted(found, key=lambda label: (label.call, label.start, label.id))


def examples_of(labels: Iterable[StoredLabel]) -> list[LabelledExample]:
    """The labels as what a head is trained on; their place in the list is their line."""
    return [
        LabelledExample(line, label.label, str(label.moment), None, label.call, "")
        for line, label in enumerate(labels, start=1)
    ]


def labels_as_csv(labels: Iterable[StoredLabel]) -> str:
    """The labels as `read_labels` reads them. Names of people that a spreadsheet would compute begin with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in labels:
        people = "; ".join(one.by)
        by = f"'{people}" if people.startswith(_FORMULA) else people
        right = "" if one.right is None else "yes" if one.right else "no"
        writer.writerow([one.call, one.leg or "", f"{one.start:.2f}", f"{one.end:.2f}", one.label, right, one.rule, by, one.id])
    return text.getvalue()


def _of_alert(span: AlertSpan) -> StoredLabel:
    alert, right = span.latest, bool(span.verdict)
    start, end = span.raised.time, alert.at if span.cleared_at is None else span.cleared_at
    return StoredLabel(
        call=alert.call,
        leg=alert.leg,
        start=start,
        end=max(end, start + SHORTEST),
        label=alert.rule if right else f"not {alert.rule}",
        right=right,
        rule=alert.rule,
        by=tuple(span.judged),
        id=alert.id,
    )


def _of_note(note: Note) -> StoredLabel:
    start = note.time if note.end is not None else max(0.0, note.time - MOMENT_SECONDS / 2)
    end = note.end if note.end is not None else start + MOMENT_SECONDS
    return StoredLabel(note.call, note.leg, start, max(end, start + SHORTEST), note.label, None, "", (note.by,), note.id)
