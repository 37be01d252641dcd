"""Sources of the configuration that recur are followed by workers: heard alike, and opened again where a worker dies."""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from monitor.config import Settings
from monitor.config.sections import StaticSource
from monitor.pipeline.monitor import Monitor
from monitor.server.static_sources import StaticSources
from monitor.sources.file import FileSource
from monitor.sources.registry import SOURCES
from monitor.workers.crew import Crew
from tests.pipeline.new_threads import NewThreads
from tests.server.service import wait_until
from tests.sources.rtp.free_ports import free_port
from tests.workers.test_crew import await_worker, events_of, frames_of, opened, recording, settings_at

__all__ = ["recording"]


class AgainAndAgain(FileSource):
    """A file that is heard call after call."""

    kind: ClassVar[str] = "again"
    recurs: ClassVar[bool] = True


def know_it() -> None:
    SOURCES.add("again", f"{__name__}:AgainAndAgain")


@contextmanager
def following(monitor: Monitor, settings: Settings, source: StaticSource) -> Iterator[None]:
    sources = StaticSources(monitor, settings.model_copy(update={"sources": (source,)}))
    sources.start()
    yield
    monitor.close()
    sources.close()


@contextmanager
def sending(port: int) -> Iterator[None]:
    """Somebody speaks on a port until the context ends: a tone as mu-law, in packets of 20 ms."""
    over = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            number = 0
            while not over.wait(0.02):
                header = b"\x80\x00" + (number & 0xFFFF).to_bytes(2, "big") + (160 * number).to_bytes(4, "big") + b"\0\0\0\7"
                out.sendto(header + bytes(range(160)), ("127.0.0.1", port))
                number += 1

    thread = threading.Thread(target=send)
    thread.start()
    yield
    over.set()
    thread.join()


def crew_at(folder: Path) -> Crew:
    """A front that has its worker."""
    front = opened(Crew, folder, 1, know_it)
    assert isinstance(front, Crew)
    await_worker(front)
    return front


def told(monitor: Monitor, call: str) -> list[dict[str, Any]]:
    """A call's events, whatever its id."""
    found: list[dict[str, Any]] = json.loads(json.dumps(events_of(monitor, call)).replace(call, "CALL"))
    return found


def test_a_source_is_heard_by_a_worker_as_the_front_would_hear_it_frame_by_frame_and_event_by_event(
    recording: Path, tmp_path: Path
) -> None:
    know_it()
    source = StaticSource(kind="again", call="line", options={"path": str(recording)}, metadata={"queue": "sales"})
    alone, crew = opened(Monitor, tmp_path / "alone"), crew_at(tmp_path / "crew")
    first: dict[Monitor, str] = {}
    for monitor in (alone, crew):
        with following(monitor, settings_at(tmp_path), source):
            wait_until(lambda: any(event["type"] == "call_ended" for event in monitor.journal.read(0)))  # noqa: B023
            first[monitor] = str(monitor.journal.read(0)[0]["call"])
    assert not crew._calls
    assert crew.inference.status().windows == 0
    here, there = frames_of(alone, first[alone]), frames_of(crew, first[crew])
    for leg, frames in here.items():
        for name in ("embedding", "logits", "speech", "marks"):
            np.testing.assert_array_equal(getattr(frames, name), getattr(there[leg], name))
    assert told(crew, first[crew]) == told(alone, first[alone])
    assert first[crew].startswith("line-")
    assert crew.store.open(first[crew]).record.metadata == {"queue": "sales"}


def test_a_port_whose_worker_is_killed_is_opened_again_and_its_call_is_closed_as_interrupted(tmp_path: Path) -> None:
    crew, port = crew_at(tmp_path / "store"), free_port()
    source = StaticSource(kind="rtp", options={"legs": {"customer": {"port": port}}})
    with following(crew, settings_at(tmp_path), source), sending(port):
        wait_until(lambda: [call.seconds > 0 for call in crew.calls()] == [True])
        (doomed,) = crew.calls()
        assert doomed.id in crew._hands[0].calls
        pid = crew._hands[0].process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert doomed.wait(60)
        wait_until(lambda: [call.id != doomed.id for call in crew.calls()] == [True])
        (next_one,) = crew.calls()
    assert (crew.store.open(doomed.id).status, crew.store.open(next_one.id).reason) == ("interrupted", "shutdown")


def test_ports_that_wait_cost_no_thread_each(tmp_path: Path) -> None:
    monitor, threads = opened(Monitor, tmp_path / "store"), NewThreads()
    waiting = tuple(StaticSource(kind="rtp", options={"legs": {"customer": {"port": free_port()}}}) for _ in range(6))
    sources = StaticSources(monitor, settings_at(tmp_path).model_copy(update={"sources": waiting}))
    sources.start()
    wait_until(lambda: len(monitor._rounds._calls) == 6)
    assert threads.named("source-", "call-") == []
    assert threads.named("static-sources") == ["static-sources"]
    monitor.close()
    sources.close()
    for source in waiting:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", source.options["legs"]["customer"]["port"]))
