"""The thread of a maker's library whose calls block, and may hang for ever.

Nothing can end such a call from outside. It is given its time; then it is left behind, nothing runs
into it until it has ended, and no program stays alive for it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from device.errors import LinkLost
from device.links.library_thread import LibraryThread

T = TypeVar("T")


class SdkThread:
    """Does one call after the other, for one event loop."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = LibraryThread(name)
        self._last: asyncio.Future[Any] | None = None
        self._due_s = 0.0  # of the loop's clock; then the last call has had its time

    async def call(self, work: Callable[[], T], *, timeout_s: float) -> T:
        """Return what `work` returns, or raise what it raises, once earlier calls have ended.

        Raises:
            LinkLost: it did not end within `timeout_s`, or an earlier one not within its own time;
                what it still returns is dropped.
        """
        await self._until_free()
        done = self._thread.begin(work)
        done.add_done_callback(asyncio.Future.exception)  # nobody may be left to look at it
        self._last, self._due_s = done, asyncio.get_running_loop().time() + timeout_s
        await self._until_free()
        return done.result()

    def end(self) -> None:
        """Let the thread end once it has done what it was given."""
        self._thread.end()

    async def _until_free(self) -> None:
        """Wait for the last call, as long as it still may take."""
        if self._last is None or self._last.done():
            return
        left_s = self._due_s - asyncio.get_running_loop().time()
        await asyncio.wait([self._last], timeout=max(0.0, left_s))
        if not self._last.done():
            raise LinkLost(f"a call of {self._name} has not ended in its time")
