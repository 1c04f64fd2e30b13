"""A thread for a library whose calls block: it does one thing at a time and keeps nothing alive."""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class LibraryThread:
    """Does what it is given, one after the other; a program may end while it works."""

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def begin(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Return where the running event loop finds what `work` returned or raised, once it has."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._work.put(lambda: _perform(work, done))
        return done

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

    with suppress(RuntimeError):  # the loop is closed: nobody is left who waits
        done.get_loop().call_soon_threadsafe(settle)
