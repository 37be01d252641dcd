"""What people said of stored calls, as labels: written, read back, and learnt from."""

from pathlib import Path
from typing import Literal

import pytest

from monitor.analysis.judged import examples_of, labels_as_csv, stored_labels
from monitor.analysis.labels import Labelled, Unused, embeddings_of, read_labels
from monitor.config import Settings
from monitor.events import Alert, AlertJudged, Leg, NoteErased, NoteWritten
from monitor.store.base import Store
from tests.analysis.search.toned_call import store_call
from tests.store.zarr_folder import store_at


def alert(
    store: Store,
    number: int,
    status: Literal["raised", "cleared"],
    at: float,
    *,
    leg: Leg | None = "customer",
    call: str = "c1",
) -> str:
    name = f"{call}:rude:{leg or 'both'}:{number}"
    about = {"rule": "rude", "severity": "info", "status": status, "message": "m"}
    store.journal.append(Alert(call="c1", leg=leg, time=at - 1 if status == "raised" else at, at=at, id=name, **about))
    return name


def judge(store: Store, name: str, *votes: bool) -> None:
    for number, right in enumerate(votes):
        store.journal.append(AlertJudged(call="c1", id=name, by=f"person {number}", right=right))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A call with alerts that were right, wrong, and of both legs; and with notes."""
    store = store_at(tmp_path / "store")
    store_call(store, "c1", {"customer": [(1, 30.0)], "agent": [(2, 30.0)]})
    first, second, both, _ = (alert(store, n, "raised", 4.0 * n, leg=None if n == 3 else "customer") for n in range(1, 5))
    alert(store, 1, "cleared", 6.0)
    alert(store, 2, "cleared", 11.0)
    judge(store, first, True)
    judge(store, second, True, False, False)
    judge(store, both, False)
    notes = [
        NoteWritten(call="c1", leg="agent", time=20.0, end=24.0, id="n1", by="=Kim", text="so calm", label="calm"),
        NoteWritten(call="c1", leg="agent", time=10.0, id="n2", by="Ana", text="here", label="tense"),
        NoteWritten(call="c1", leg="agent", time=12.0, id="n3", by="Ana", text="no label"),
        NoteWritten(call="c1", leg="agent", time=13.0, id="n4", by="Ana", text="taken back", label="tense"),
        NoteErased(call="c1", id="n4", by="Ana"),
    ]
    for note in notes:
        store.journal.append(note)
    return store


def test_judged_alerts_and_notes_with_a_label_are_labels_of_stretches(store: Store) -> None:
    told = [(label.leg, label.start, label.end, label.label, label.right, label.by) for label in stored_labels(store.journal)]
    assert told == [
        ("customer", 3.0, 6.0, "rude", True, ("person 0",)),
        ("customer", 7.0, 11.0, "not rude", False, ("person 0", "person 1", "person 2")),
        ("agent", 8.5, 11.5, "tense", None, ("Ana",)),
        (None, 11.0, 12.0, "not rude", False, ("person 0",)),
        ("agent", 20.0, 24.0, "calm", None, ("=Kim",)),
    ]


def test_those_of_one_rule_are_its_alerts_alone(store: Store) -> None:
    assert {label.label for label in stored_labels(store.journal, ["rude"])} == {"rude", "not rude"}
    assert stored_labels(store.journal, ["another"]) == []


def test_the_file_that_is_written_is_the_one_that_is_read(store: Store, tmp_path: Path) -> None:
    labels = stored_labels(store.journal)
    path = tmp_path / "labels.csv"
    path.write_text(labels_as_csv(labels), encoding="utf-8")
    read = read_labels(path)
    assert [(one.label, one.call) for one in read] == [(one.label, one.call) for one in examples_of(labels)]
    found = list(embeddings_of(read, store, Settings()))
    assert [len(one.embedding) for one in found if isinstance(one, Labelled)] == [150, 200, 150, 200]
    assert ["no leg, and the call has 2" in one.reason for one in found if isinstance(one, Unused)] == [True]


def test_a_name_that_a_spreadsheet_would_compute_is_written_as_text(store: Store) -> None:
    assert ",'=Kim,n1" in labels_as_csv(stored_labels(store.journal))


def test_labels_are_erased_with_their_call(store: Store) -> None:
    store.delete("c1")
    assert stored_labels(store.journal) == []
