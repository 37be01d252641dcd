"""The history's index: it tells what reading the whole catalogue and journal tells, whatever happened to them and to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.analysis.erasing import erase_call
from monitor.config.sections import AnalysisSection
from monitor.conformance.stored_calls import frames_of, record_of
from monitor.history import history as history_module
from monitor.history.account import CallAccount
from monitor.history.conditions import AlertFilter, CallFilter
from monitor.history.history import History, Progress
from monitor.history.listing import Page, list_alerts, list_calls
from monitor.messages import recorded
from monitor.store.memory import MemoryStore
from monitor.store.zarr.store import ZarrStore
from tests.history.population import alert, begin, end, judged, population, put, state, told
from tests.store.conftest import Worker
from tests.store.zarr_folder import store_at

CALLS = ("one", "two", "three")


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    return opened(tmp_path / "store")


def opened(path: Path) -> ZarrStore:
    path.mkdir(exist_ok=True)
    return store_at(path)


def known(history: History) -> dict[str, Any]:
    """What the index tells of each call."""
    assert history.catch_up(60.0)
    calls = history.read(lambda database: list_calls(database, CallFilter(), Page(limit=1000)))["calls"]
    alerts = history.read(lambda database: list_alerts(database, AlertFilter(), 1000, 0))["alerts"]
    return {
        line["call"]: (
            line["alerts"],
            line["shares"],
            line["judged"],
            sorted((one["id"], one["cleared_at"], str(one["judged"])) for one in alerts if one["call"] == line["call"]),
        )
        for line in calls
    }


def scanned(store: ZarrStore) -> dict[str, Any]:
    """The same, of everything that there is."""
    found = {}
    for line in store.catalogue():
        account = CallAccount.of(recorded(one) for one in store.journal.read(0) if one.get("call") == line.id)
        spans = list(account.alerts.spans.values())
        severities = ("critical", "warning", "info")
        totals = {leg: sum(seconds.values()) for leg, seconds in account.seconds().items()}
        found[line.id] = (
            {severity: sum(span.latest.severity == severity for span in spans) for severity in severities},
            {
                leg: {emotion: round(part / totals[leg], 4) for emotion, part in seconds.items()}
                for leg, seconds in account.seconds().items()
            },
            {"right": [span.verdict for span in spans].count(True), "wrong": [span.verdict for span in spans].count(False)},
            sorted((span.latest.id, span.cleared_at, str(span.handled()["judged"])) for span in spans),
        )
    return found


class Shared:
    """A store, two processes that keep its history, and what may happen."""

    def __init__(self, root: Path) -> None:
        self.store, self.moment = opened(root), 0.0
        self.file = root / "index" / "history.sqlite"
        self.open()

    def open(self) -> None:
        self.histories = [History(opened(self.store.layout.root)) for _ in range(2)]

    def begin(self, call: str) -> None:
        if call not in self.store.ids():
            put(self.store, call, metadata={"queue": call})
            begin(self.store, call)

    def say(self, call: str) -> None:
        if call not in self.store.ids():
            return
        self.moment += 1
        for event in (
            state(call, self.moment, ("angry", "neutral", "unknown")[int(self.moment) % 3]),
            alert(call, self.moment, ("raised", "updated", "cleared")[int(self.moment) % 3], number=int(self.moment) // 3),
            judged(call, right=self.moment % 2 > 0, by=f"{self.moment % 4}", number=int(self.moment) // 4),
        ):
            self.store.journal.append(event)

    def end(self, call: str) -> None:
        if call in self.store.ids():
            self.moment += 1
            end(self.store, call, self.moment)

    def erase(self, call: str) -> None:
        if call in self.store.ids():
            erase_call(self.store, call, AnalysisSection())

    def know(self, call: str) -> None:
        self.histories[len(call) % 2].catch_up()

    def die(self, _: str) -> None:
        self.open()

    def lose_index(self, _: str) -> None:
        self.file.unlink(missing_ok=True)
        self.open()

    def damage_index(self, _: str) -> None:
        if self.file.exists():
            self.file.write_bytes(b"no database" * 4000)
        self.open()


ACTS: tuple[Callable[[Shared, str], None], ...] = (
    Shared.begin,
    Shared.begin,
    Shared.say,
    Shared.say,
    Shared.end,
    Shared.know,
    Shared.erase,
    Shared.die,
    Shared.lose_index,
    Shared.damage_index,
)


@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(CALLS)), max_size=25), step=st.integers(1, 7))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_tells_what_reading_everything_tells(
    acts: list[tuple[Callable[[Shared, str], None], str]],
    step: int,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(history_module, "STEP_MESSAGES", step)
        patch.setattr(history_module, "STEP_CALLS", 1)
        shared = Shared(tmp_path_factory.mktemp("store"))
        for act, call in acts:
            act(shared, call)

        assert [known(history) for history in shared.histories] == [scanned(shared.store)] * 2


def test_calls_without_events_and_events_without_a_call(store: ZarrStore) -> None:
    put(store, "bare")
    store.journal.append(alert("gone", 5))

    assert known(History(store)) == {"bare": ({"critical": 0, "warning": 0, "info": 0}, {}, {"right": 0, "wrong": 0}, [])}


def test_a_call_that_cannot_be_read_is_left_out_and_the_others_are_there(store: ZarrStore) -> None:
    told(store, "good")
    told(store, "bad", alert("bad", 5))
    (store.open("bad").path / "zarr.json").write_text("{")

    assert list(known(History(store))) == ["good"]


def test_a_call_that_can_be_read_again_is_taken_in_with_the_next(store: ZarrStore) -> None:
    told(store, "bad", alert("bad", 5))
    document = store.open("bad").path / "zarr.json"
    whole = document.read_bytes()
    document.write_text("{")
    history = History(store)
    known(history)
    document.write_bytes(whole)
    told(store, "good")

    assert known(history) == scanned(store)


def test_an_index_of_another_journal_is_made_anew(store: ZarrStore, tmp_path: Path) -> None:
    told(store, "one", alert("one", 5))
    known(History(store))
    for segment in store.layout.journal.glob("*.jsonl"):
        segment.unlink()
    again = opened(store.layout.root)
    for event in (state("one", 1, "angry"), alert("one", 7, number=9), alert("one", 8, number=8), state("one", 9, "sad")):
        again.journal.append(event)

    assert known(History(again)) == scanned(again)


def test_an_erased_call_leaves_no_trace_in_any_file(store: ZarrStore) -> None:
    told(store, "gone-call", alert("gone-call", 5), metadata={"queue": "gone-queue"})
    told(store, "stays")
    serving = History(store)
    known(serving)

    erase_call(opened(store.layout.root), "gone-call", AnalysisSection())

    files = [path for path in store.layout.root.rglob("*") if path.is_file()]
    assert [path.name for path in files if b"gone-call" in path.read_bytes() or b"gone-queue" in path.read_bytes()] == []
    assert list(known(serving)) == ["stays"]


def test_an_id_that_was_erased_may_be_another_calls(store: ZarrStore) -> None:
    told(store, "again", alert("again", 5), metadata={"queue": "one"})
    history = History(store)
    known(history)
    store.delete("again")
    told(store, "again", state("again", 5, "angry"), metadata={"team": "two"})

    (line,) = listed(history)

    assert (line["alerts"]["warning"], line["metadata"], list(line["shares"])) == (0, {"team": "two"}, ["customer"])


def listed(history: History) -> list[dict[str, Any]]:
    history.catch_up(60.0)
    calls: list[dict[str, Any]] = history.read(lambda database: list_calls(database, CallFilter(), Page()))["calls"]
    return calls


def test_of_calls_in_progress_the_figures_grow_before_they_are_stored() -> None:
    store = MemoryStore()
    writer = store.create(record_of("live"))
    begin(store, "live")
    store.journal.append(state("live", 0, "neutral"))
    store.journal.append(state("live", 10, "angry"))
    history = History(store, lambda: {"live": Progress(40.0, {"customer": 2000})})

    (line,) = listed(history)
    writer.append(frames_of("live", "customer", 0, 50))
    writer.finish("finished", {})
    end(store, "live", 20)
    (over,) = listed(History(store))

    assert (line["status"], line["seconds"], line["legs"]) == ("live", 40.0, {"customer": 2000})
    assert line["shares"] == {"customer": {"neutral": 0.25, "angry": 0.75}}
    assert (over["status"], over["seconds"], over["shares"]) == ("complete", 1.0, {"customer": {"neutral": 0.5, "angry": 0.5}})


def test_a_call_of_another_process_is_told_as_it_goes_on(store: ZarrStore) -> None:
    writer = opened(store.layout.root).create(record_of("live"))
    history = History(store)
    before = listed(history)
    writer.append(frames_of("live", "customer", 0, 100))
    during = listed(history)
    writer.finish("finished", {})

    assert [(line["status"], line["seconds"]) for line in (*before, *during, *listed(history))] == [
        ("live", 0.0),
        ("live", 2.0),
        ("complete", 2.0),
    ]


def test_processes_that_bring_it_up_to_date_at_once_agree(store: ZarrStore, worker: Worker, second_worker: Worker) -> None:
    population(store)
    for process in (worker, second_worker):
        process.start("know_history", path=str(store.settings.path), times=20)
    for number in range(20):
        told(store, f"call-{number}", state(f"call-{number}", 1, "angry"), alert(f"call-{number}", 2))
        known(History(store))

    assert (worker.result(), second_worker.result()) == (None, None)
    assert known(History(store)) == scanned(store)


def test_a_full_disk_costs_the_file_and_nothing_else(store: ZarrStore, worker: Worker) -> None:
    population(store)
    worker.start("know_on_a_full_disk", path=str(store.settings.path), limit=50_000)

    assert worker.result() == {"calls": 4, "events": len(store.journal.read(0, call="angry"))}


def test_where_nothing_may_be_written_it_is_kept_in_memory(store: ZarrStore) -> None:
    population(store)
    (store.layout.root / "index").write_text("a file in the place of the folder")

    assert known(History(store)) == scanned(store)
