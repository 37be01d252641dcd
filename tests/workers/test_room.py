"""A worker that has no room, or that hears no longer, costs no call that another could take."""

import multiprocessing
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.config.sections import StaticSource
from monitor.errors import BusyError
from monitor.pipeline.call import LiveCall
from monitor.pipeline.descriptors import RESERVE
from monitor.workers import crew as crew_module
from monitor.workers.crew import Crew
from tests.server.service import wait_until
from tests.sources.rtp.free_ports import free_port
from tests.workers.test_crew import STARTING, events_of, opened
from tests.workers.test_static_sources import following, sending, settings_at


def without_room(names: tuple[str, ...]) -> None:
    """Have workers of these names, in which this is called, too few descriptors for any call."""
    if multiprocessing.current_process().name in names:
        resource.setrlimit(resource.RLIMIT_NOFILE, (RESERVE, RESERVE))


def first_has_no_room() -> None:
    without_room(("worker-1",))


def none_has_room() -> None:
    without_room(("worker-1", "worker-2"))


def first_stumbles() -> None:
    """Have the rounds of the first worker stop over a call that says so, by a defect that no call can answer for."""
    if multiprocessing.current_process().name != "worker-1":
        return
    go_on = LiveCall.go_on

    def stumble(call: LiveCall) -> None:
        if call.metadata.get("over"):
            raise ZeroDivisionError("a defect of the rounds")
        go_on(call)

    setattr(LiveCall, "go_on", stumble)  # noqa: B010


@contextmanager
def crew_of(folder: Path, workers: int, prepare: Callable[[], None], begun: int | None = None) -> Iterator[Crew]:
    """A front whose workers are there."""
    front = opened(Crew, folder, workers, prepare)
    assert isinstance(front, Crew)
    front.begin(begun or workers, STARTING)
    assert [hand.ready.is_set() for hand in front._hands] == [True] * (begun or workers)
    yield front
    front.close()


def test_a_call_goes_to_a_worker_that_has_room_though_another_has_fewer_calls(tmp_path: Path) -> None:
    with crew_of(tmp_path / "store", 2, first_has_no_room) as crew:
        for name in ("one", "two"):
            crew.open_call("rtp", {"legs": {"customer": {}}}, call_id=name)
        assert [sorted(hand.calls) for hand in crew._hands] == [[], ["one", "two"]]
        assert [hand.load for hand in crew._hands] == [0, 2]
        wait_until(lambda: crew.status().room)  # where a worker takes long to answer, it is asked again


def test_where_the_worker_has_no_room_a_further_one_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module, "COMING", 300.0)
    with crew_of(tmp_path / "store", 2, first_has_no_room, begun=1) as crew:
        assert crew.status().room
        crew.open_call("rtp", {"legs": {"customer": {}}}, call_id="one")
        assert [sorted(hand.calls) for hand in crew._hands] == [[], ["one"]]


def test_only_where_all_are_full_a_call_is_refused_and_is_told_the_remedy(tmp_path: Path) -> None:
    port = free_port()
    with crew_of(tmp_path / "store", 2, none_has_room) as crew:
        assert not crew.status().room
        with pytest.raises(BusyError, match=r"all 2 workers are full: .*LimitNOFILE=.*server\.workers"):
            crew.open_call("rtp", {"legs": {"customer": {"port": port}}}, call_id="refused")
        assert not crew.calls()
        assert [hand.load for hand in crew._hands] == [0, 0]


def test_a_source_of_the_configuration_is_followed_by_a_worker_that_has_room(tmp_path: Path) -> None:
    port = free_port()
    source = StaticSource(kind="rtp", options={"legs": {"customer": {"port": port}}})
    with (
        crew_of(tmp_path / "store", 2, first_has_no_room) as crew,
        following(crew, settings_at(tmp_path), source),
        sending(port),
    ):
        wait_until(lambda: [call.seconds > 0 for call in crew.calls()] == [True])
        assert [len(hand.calls) for hand in crew._hands] == [0, 1]


def test_clients_of_the_front_take_no_room_from_calls_that_workers_hear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crew_of(tmp_path / "store", 1, first_stumbles) as crew:
        monkeypatch.setattr("monitor.pipeline.descriptors.RESERVE", 1_000_000)
        assert crew.open_call("rtp", {"legs": {"customer": {}}}, call_id="one").id == "one"
        assert crew.status().room


def test_a_worker_whose_rounds_have_stopped_interrupts_its_calls_alone_and_another_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew_module, "COMING", 300.0)
    with crew_of(tmp_path / "store", 2, first_stumbles) as crew:
        first, second = crew._hands
        beside = crew.open_call("rtp", {"legs": {"customer": {}}}, call_id="beside")
        other = crew.open_call("rtp", {"legs": {"customer": {}}}, call_id="other")
        doomed = crew.open_call("rtp", {"legs": {"customer": {}}}, call_id="doomed", metadata={"over": True})
        assert (beside.id in first.calls, other.id in second.calls) == (True, True)
        for call in (doomed, beside):
            assert call.wait(60)
            assert (call.reason, events_of(crew, call.id)[-1]["reason"]) == ("interrupted", "interrupted")
        wait_until(lambda: crew.status().workers == 1)
        assert (crew.status().workers_died, crew.status().rounds_stopped) == (1, ())
        assert [call.id for call in crew.calls()] == ["other"]
        for name in ("next-1", "next-2"):
            crew.open_call("rtp", {"legs": {"customer": {}}}, call_id=name)
        assert {call.id for call in crew.calls()} == {"other", "next-1", "next-2"}


def test_while_a_worker_whose_rounds_have_stopped_leaves_the_status_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.workers.hand.Hand.close", lambda _: None)
    with crew_of(tmp_path / "store", 1, first_stumbles) as crew:
        (hand,) = crew._hands
        assert crew.open_call("rtp", {"legs": {"customer": {}}}, call_id="doomed", metadata={"over": True}).wait(60)
        wait_until(lambda: crew.status().rounds_stopped == ("worker-1",))
        assert crew._freest() is None
        monkeypatch.undo()
        hand.close()
