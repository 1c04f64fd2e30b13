"""A thread of one's own, for a library whose calls block and must come from one thread."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from device.links.library_thread import LibraryThread
from device.nfc.reader import ReaderSilent

# A call that is told to end does so at once or, where it had not quite begun, at the next telling.
ABORT_EVERY_S = 0.05
ABORTS_MAX = 20

T = TypeVar("T")


class CallAborted(Exception):
    """A call did not end in its time and was made to."""


class OwnThread:
    """Does one call after the other; one that takes too long is made to end."""

    def __init__(self, name: str) -> None:
        self._thread = LibraryThread(name)

    async def call(
        self, work: Callable[[], T], *, timeout_s: float, abort: Callable[[], object]
    ) -> T:
        """Return what `work` returns, or raise what it raises.

        After `timeout_s`, or when this is cancelled, `abort` is to end it; what it was about to
        return is dropped. Nothing is under way any more when this returns.

        Raises:
            CallAborted: it had to be aborted.
            ReaderSilent: it cannot be aborted; this thread is lost.
        """
        done = self._thread.begin(work)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(done)
        except TimeoutError:
            await _until_aborted(done, abort)
            raise CallAborted(f"no end within {timeout_s} s") from None
        except asyncio.CancelledError:
            await _until_aborted(done, abort)
            raise

    def end(self) -> None:
        """Let the thread end once it has done what it was given."""
        self._thread.end()


async def _until_aborted(done: "asyncio.Future[Any]", abort: Callable[[], object]) -> None:
    for _ in range(ABORTS_MAX):
        abort()
        await asyncio.wait([done], timeout=ABORT_EVERY_S)
        if done.done():
            done.exception()  # Looked at, so that nobody reports it as forgotten.
            return
    raise ReaderSilent(f"a call does not end after {ABORTS_MAX} aborts")
