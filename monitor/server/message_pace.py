"""How many messages a second of one connection are read: what comes faster waits in the network."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class MessagePace:
    """Lets so many messages through in each second that begins with one."""

    def __init__(
        self,
        rate: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`rate` in messages a second, at least 1."""
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._until = clock()
        self._left = 0

    async def next(self) -> None:
        """Return when the next message may be read."""
        if self._left == 0:
            if (ahead := self._until - self._clock()) > 0:
                await self._sleep(ahead)
            self._until, self._left = self._clock() + 1.0, self._rate
        self._left -= 1
