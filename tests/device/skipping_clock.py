"""A clock that runs as the machine's does, and can be made to jump ahead."""

import asyncio
from contextlib import suppress

from loyalty.clock import Clock, SystemClock


class SkippingClock:
    """Who sleeps until a moment that was skipped wakes at once."""

    def __init__(self) -> None:
        self._clock: Clock = SystemClock()
        self._skipped_ms = 0
        self._skip = asyncio.Event()

    def now_ms(self) -> int:
        return self._clock.now_ms() + self._skipped_ms

    def monotonic_ms(self) -> int:
        return self._clock.monotonic_ms() + self._skipped_ms

    async def sleep_ms(self, duration_ms: int) -> None:
        until_ms = self.monotonic_ms() + duration_ms
        while (left_ms := until_ms - self.monotonic_ms()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_ms / 1000):
                    await self._skip.wait()

    def skip_ms(self, duration_ms: int) -> None:
        """Let so much time have gone by."""
        self._skipped_ms += duration_ms
        self._skip.set()
        self._skip = asyncio.Event()
