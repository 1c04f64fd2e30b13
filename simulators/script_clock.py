"""A clock that stands still until the script moves it."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from loyalty.clock import Clock


class ScriptClock:
    """Script time, wall and monotonic in one; sleepers wake when it is moved past them.

    `on_moved` hears what the time is whenever it was moved.
    """

    def __init__(self, start_ms: int) -> None:
        self.on_moved: Callable[[int], None] = lambda now_ms: None
        self._start_ms = start_ms
        self._now_ms = start_ms
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic_ms(self) -> int:
        return self._now_ms - self._start_ms

    async def sleep_ms(self, duration_ms: int) -> None:
        woken = asyncio.get_running_loop().create_future()
        entry = (self._now_ms + duration_ms, next(self._order), woken)
        heapq.heappush(self._sleepers, entry)
        await woken

    def move_to(self, now_ms: int) -> None:
        """Let it be `now_ms`, never earlier than it was."""
        self._now_ms = max(self._now_ms, now_ms)
        self.on_moved(self._now_ms)
        while self._sleepers and self._sleepers[0][0] <= self._now_ms:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)


class OffsetClock:
    """A terminal's own clock: wrong by `offset_ms`, for the rest as `clock`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.offset_ms = 0

    def now_ms(self) -> int:
        return self._clock.now_ms() + self.offset_ms

    def monotonic_ms(self) -> int:
        return self._clock.monotonic_ms()

    async def sleep_ms(self, duration_ms: int) -> None:
        await self._clock.sleep_ms(duration_ms)
