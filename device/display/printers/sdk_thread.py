"""The thread of a maker's library whose calls block, and may hang for ever.

Nothing can end such a call from outside. It is given its time; then it is left behind, nothing runs
into it until it has ended, and no program stays alive for it.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from device.errors import LinkLost

T = TypeVar("T")


class SdkThread:
    """Does one call after the other, for one event loop."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._last: asyncio.Future[Any] | None = None
        self._due_s = 0.0  # of the loop's clock; then the last call has had its time
        threading.Thread(target=self._run, name=name, daemon=True).start()

    async def call(self, work: Callable[[], T], *, timeout_s: float) -> T:
        """Return what `work` returns, or raise what it raises, once earlier calls have ended.

        Raises:
            LinkLost: it did not end within `timeout_s`, or an earlier one not within its own time;
                what it still returns is dropped.
        """
        await self._until_free()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        done.add_done_callback(asyncio.Future.exception)  # nobody may be left to look at it
        self._last, self._due_s = done, loop.time() + timeout_s
        self._work.put(lambda: _perform(work, done))
        await self._until_free()
        return done.result()

    def end(self) -> None:
        """Let the thread end once it has done what it was given."""
        self._work.put(None)

    async def _until_free(self) -> None:
        """Wait for the last call, as long as it still may take."""
        if self._last is None or self._last.done():
            return
        left_s = self._due_s - asyncio.get_running_loop().time()
        await asyncio.wait([self._last], timeout=max(0.0, left_s))
        if not self._last.done():
            raise LinkLost(f"a call of {self._name} has not ended in its time")

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()


def _perform(work: Callable[[], T], done: "asyncio.Future[T]") -> None:
    try:
        result = work()
    except BaseException as error:  # whatever it is, the caller gets it
        _tell(done, done.set_exception, error)
    else:
        _tell(done, done.set_result, result)


def _tell(done: "asyncio.Future[Any]", tell: Callable[[Any], None], what: object) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody is left who waits
        done.get_loop().call_soon_threadsafe(tell, what)
