"""A connection is read no faster than so many messages a second, in virtual time."""

from monitor.server.message_pace import MessagePace


class Time:
    """Passes where somebody sleeps, and by what is added to it."""

    now = 100.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def moments(messages: int, rate: int, apart: float = 0.0) -> list[float]:
    """Seconds from the beginning at which messages were let through that come so far apart."""
    time = Time()
    pace = MessagePace(rate, lambda: time.now, time.sleep)
    passed = []
    for _ in range(messages):
        await pace.next()
        passed.append(round(time.now - 100.0, 6))
        time.now += apart
    return passed


async def test_messages_beyond_the_rate_wait_for_the_next_second() -> None:
    assert await moments(7, rate=3) == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0]


async def test_messages_within_the_rate_wait_for_nothing() -> None:
    assert await moments(6, rate=3, apart=0.4) == [0.0, 0.4, 0.8, 1.2, 1.6, 2.0]
