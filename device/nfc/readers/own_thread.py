"""A thread of one's own, for a library whose calls block and must come from one thread."""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from device.nfc.reader import ReaderSilent

# A call that is told to end does so at once or, where it had not quite begun, at the next telling.
ABORT_EVERY_S = 0.05
ABORTS_MAX = 20

T = TypeVar("T")


class CallAborted(Exception):
    """A call did not end in its time and was made to."""


class OwnThread:
    """Does what it is given, one thing at a time, on a thread that never keeps a program alive."""

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

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
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._work.put(lambda: _perform(work, done))
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
        self._work.put(None)

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
    def settle() -> None:
        if not done.done():
            tell(what)

    loop = done.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)


async def _until_aborted(done: "asyncio.Future[Any]", abort: Callable[[], object]) -> None:
    for _ in range(ABORTS_MAX):
        abort()
        await asyncio.wait([done], timeout=ABORT_EVERY_S)
        if done.done():
            done.exception()  # Looked at, so that nobody reports it as forgotten.
            return
    raise ReaderSilent(f"a call does not end after {ABORTS_MAX} aborts")
