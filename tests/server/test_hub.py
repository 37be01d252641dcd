"""No client slows another or the pipeline, and one that falls behind is told so and misses nothing."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.messages import FramesMessage, Message, board_message, frames_message
from monitor.server.hub import Hub, Limits
from monitor.server.subscription import Subscription
from monitor.store.zarr.journal import FileJournal
from tests.server.events import record

LIMITS = Limits(recent=3_000, passing=4, batch=3)


@pytest.fixture
def journal(tmp_path: Path) -> FileJournal:
    return FileJournal(tmp_path / "journal", fsync=False)


@pytest.fixture
async def hub(journal: FileJournal) -> Hub:
    hub = Hub(journal, LIMITS)
    hub.start(_no_live_frames, [])
    return hub


def frames(time: float) -> FramesMessage:
    return frames_message({"type": "frames", "call": "c", "time": time})


async def test_a_client_takes_events_at_its_own_pace(hub: Hub, journal: FileJournal) -> None:
    quick, slow = hub.join(Subscription()), hub.join(Subscription())
    await asyncio.to_thread(record, journal, 3)
    assert _numbers(await quick.messages()) == [1, 2, 3]
    await asyncio.to_thread(record, journal, 2)
    assert _numbers(await quick.messages()) == [4, 5]
    assert _numbers(await slow.messages()) == [1, 2, 3]
    assert _numbers(await slow.messages()) == [4, 5]


async def test_a_client_that_falls_behind_is_told_and_catches_up_from_the_journal(hub: Hub, journal: FileJournal) -> None:
    client = hub.join(Subscription())
    await asyncio.to_thread(record, journal, 1)
    await client.messages()
    await asyncio.to_thread(record, journal, 20)
    told = await _take(client, 21)
    assert told[0].as_message() == {"type": "lagged", "from": 2, "to": 21}
    assert _numbers(told[1:]) == list(range(2, 22))
    assert hub.counts.lagged == 1


async def test_a_client_that_comes_back_late_is_not_called_lagging(hub: Hub, journal: FileJournal) -> None:
    await asyncio.to_thread(record, journal, 20)
    await asyncio.sleep(0)
    client = hub.join(Subscription(since=0))
    assert _numbers(await _take(client, 20)) == list(range(1, 21))
    assert hub.counts.lagged == 0


async def test_a_client_that_has_seen_more_than_the_hub_was_told_yet_hears_nothing_twice(
    hub: Hub, journal: FileJournal
) -> None:
    client = hub.join(Subscription(since=2))
    waiting = asyncio.ensure_future(client.messages())
    await asyncio.sleep(0)
    await asyncio.to_thread(record, journal, 3)
    assert _numbers(await waiting) == [3]


async def test_live_frames_that_nobody_takes_are_dropped_oldest_first_and_counted(hub: Hub) -> None:
    client = hub.join(Subscription(frames=True))
    for number in range(10):
        hub.publish(frames(number))
    told = await _take(client, 5)
    assert told[0].as_message() == {"type": "dropped", "messages": 6}
    assert [message.time for message in told[1:]] == [6, 7, 8, 9]
    assert hub.counts.dropped == 6


async def test_a_client_that_does_not_read_is_told_the_newest_board_alone(hub: Hub) -> None:
    client = hub.join(Subscription(board=True))
    for number in range(3):
        hub.publish(board_message({"type": "board", "at": str(number), "calls": {}, "load": {}}))
    await asyncio.sleep(0)
    assert [message.at for message in await client.messages()] == ["2"]
    assert hub.counts.dropped == 0


async def test_a_board_is_wanted_as_long_as_a_client_asks_for_it(hub: Hub) -> None:
    asked = [hub.board_wanted.is_set()]
    clients = [hub.join(Subscription(frames=True)), hub.join(Subscription(board=True)), hub.join(Subscription(board=True))]
    for client in clients:
        asked.append(hub.board_wanted.is_set())
        hub.leave(client)
    assert [*asked, hub.board_wanted.is_set()] == [False, True, True, True, False]


async def test_events_go_before_live_frames(hub: Hub, journal: FileJournal) -> None:
    client = hub.join(Subscription(frames=True))
    hub.publish(frames(0.0))
    await asyncio.to_thread(record, journal, 1)
    assert [message.type for message in await _take(client, 2)] == ["alert_acknowledged", "frames"]


async def test_an_erased_call_is_gone_from_memory_too(hub: Hub, journal: FileJournal) -> None:
    await asyncio.to_thread(record, journal, 2, call="secret")
    await asyncio.to_thread(record, journal, 1, call="other")
    hub.forget("secret")
    await asyncio.sleep(0)
    client = hub.join(Subscription(since=0))
    told = await _take(client, 3)
    assert [message.type for message in told] == ["erased", "erased", "alert_acknowledged"]
    assert _numbers(told) == [1, 2, 3]


async def test_clients_end_when_the_hub_stops_after_they_have_heard_everything(hub: Hub, journal: FileJournal) -> None:
    client = hub.join(Subscription())
    await asyncio.to_thread(record, journal, 4)
    await asyncio.sleep(0)
    hub.stop()
    assert _numbers(await _take(client, 4)) == [1, 2, 3, 4]
    assert await client.messages() == []


async def test_the_pipeline_may_speak_after_the_hub_has_stopped(hub: Hub, journal: FileJournal) -> None:
    hub.stop()
    hub.publish(frames(0.0))
    await asyncio.to_thread(record, journal, 1)
    assert journal.last == 1


def test_what_is_said_while_the_loop_is_closed_harms_nobody(journal: FileJournal) -> None:
    hub = Hub(journal, LIMITS)
    asyncio.run(_start(hub))
    record(journal, 1)
    hub.publish(frames(0.0))
    assert journal.last == 1


async def _start(hub: Hub) -> None:
    hub.start(_no_live_frames, [])


async def _take(client: Any, count: int) -> list[Message]:
    taken: list[Message] = []
    while len(taken) < count:
        taken += await asyncio.wait_for(client.messages(), 30)
    return taken


def _numbers(messages: list[Message]) -> list[int]:
    return [message.seq for message in messages]


def _no_live_frames(_: Callable[[Message], None]) -> Callable[[], None]:
    return lambda: None
